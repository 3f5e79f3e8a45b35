#!/usr/bin/env -S guile --no-auto-compile -s
!#
;; Counts from 1 to 10, one number every half second.
(setvbuf (current-output-port) 'line)

(do ((number 1 (1+ number)))
    ((> number 10))
  (format #t "~a~%" number)
  (usleep 500000))
