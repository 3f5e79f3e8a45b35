#!/usr/bin/env -S guile --no-auto-compile -s
!#
;; Greets every name it is sent: one line in, one line out.
(use-modules (ice-9 rdelim))

(setvbuf (current-output-port) 'line)
(for-each (lambda (port) (set-port-encoding! port "UTF-8")) ; a program here has no locale
          (list (current-input-port) (current-output-port)))

(let greet ((name (read-line)))
  (unless (eof-object? name)
    (format #t "Hello ~a!~%" name)
    (greet (read-line))))
