#!/usr/bin/env bash
# Greets every name it is sent: one line in, one line out.
while IFS= read -r name; do
    echo "Hello $name!"
done
