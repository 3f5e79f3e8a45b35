#!/usr/bin/env tclsh
# Greets every name it is sent: one line in, one line out.
fconfigure stdin -encoding utf-8
fconfigure stdout -encoding utf-8 -buffering line

while {[gets stdin name] >= 0} {
    puts "Hello $name!"
}
