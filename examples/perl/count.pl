#!/usr/bin/env perl
# Counts from 1 to 10, one number every half second.
use v5.10;
use warnings;
use Time::HiRes 'sleep';

$| = 1;    # flush after every print

for my $number (1 .. 10) {
    say $number;
    sleep 0.5;
}
