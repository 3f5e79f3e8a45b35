#!/bin/sh
# Stands for a build of so many files: build.sh app|docs|broken NUMBER
goal=$1 files=$2 n=0

trap 'echo; echo "cleaning up"; exit 130' INT

while [ "$n" -lt "$files" ]; do
    n=$((n + 1))
    printf '[%d/%d] compiling %s-%d ...' "$n" "$files" "$goal" "$n"
    sleep 0.3
    if [ "$goal" = broken ] && [ "$n" -eq 2 ]; then
        echo
        echo "error: $goal-$n is broken" >&2
        exit 1
    fi
    echo ' done'
done
echo "{\"built\":\"$goal\",\"files\":$n}"
