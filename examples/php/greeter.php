#!/usr/bin/env php
<?php
// Greets every name it is sent: one line in, one line out.
while (($line = fgets(STDIN)) !== false) {
    $name = rtrim($line, "\n");
    echo "Hello $name!\n";
}
