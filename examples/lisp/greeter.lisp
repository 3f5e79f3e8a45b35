#!/usr/bin/env -S sbcl --script
;; Greets every name it is sent: one line in, one line out.
(loop for name = (read-line *standard-input* nil)
      while name
      do (format t "Hello ~a!~%" name)
         (finish-output))
