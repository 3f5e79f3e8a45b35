#!/usr/bin/env tclsh
# Counts from 1 to 10, one number every half second.
fconfigure stdout -buffering line

for {set number 1} {$number <= 10} {incr number} {
    puts $number
    after 500
}
