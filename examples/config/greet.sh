#!/bin/sh
# Answers every name with a greeting.
while read -r name; do
    echo "Hello $name!"
done
