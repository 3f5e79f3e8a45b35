#!/usr/bin/env bash
# Sends while it receives: every 1 to 3 seconds it says how many lines have come in.
lines=0
report=0
while true; do
    wait=$((report - SECONDS))
    if ((wait <= 0)); then
        echo "$lines lines came in"
        lines=0
        report=$((SECONDS + 1 + RANDOM % 3))
    elif IFS= read -r -t "$wait"; then
        ((lines += 1))
    elif (($? <= 128)); then # not a time-out: the client has left
        break
    fi
done
