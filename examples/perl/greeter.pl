#!/usr/bin/env perl
# Greets every name it is sent: one line in, one line out.
use v5.10;
use warnings;

$| = 1;    # flush after every print

while (my $name = <STDIN>) {
    chomp $name;
    say "Hello $name!";
}
