#!/usr/bin/awk -f
# Counts from 1 to 10, one number every half second.
BEGIN {
    for (number = 1; number <= 10; number++) {
        print number
        fflush()
        system("sleep 0.5")
    }
}
