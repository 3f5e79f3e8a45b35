#!/usr/bin/env -S awk -W interactive -f
# Greets every name it is sent: one line in, one line out.
# "-W interactive" is for mawk, which otherwise waits for more input than a line.
{
    print "Hello " $0 "!"
    fflush()
}
