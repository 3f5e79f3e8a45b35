#!/usr/bin/env php
<?php
// Counts from 1 to 10, one number every half second.
for ($number = 1; $number <= 10; $number++) {
    echo $number, "\n";
    usleep(500_000);
}
