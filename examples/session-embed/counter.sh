#!/bin/sh
# Adds up what it is told, a number on each line.
total=0
echo "$total"
while read -r step; do
    total=$((total + step))
    echo "$total"
done
