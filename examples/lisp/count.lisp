#!/usr/bin/env -S sbcl --script
;; Counts from 1 to 10, one number every half second.
(loop for number from 1 to 10
      do (format t "~d~%" number)
         (finish-output)
         (sleep 0.5))
