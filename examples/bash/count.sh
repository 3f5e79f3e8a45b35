#!/usr/bin/env bash
# Counts from 1 to 10, one number every half second.
for ((i = 1; i <= 10; i++)); do
    echo "$i"
    sleep 0.5
done
