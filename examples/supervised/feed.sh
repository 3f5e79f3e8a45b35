#!/bin/sh
# Counts to five, and crashes.
for number in 1 2 3 4 5; do
    echo "$number"
    sleep 0.5
done
echo "that was too much" >&2
exit 3
