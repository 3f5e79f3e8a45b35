#!/bin/sh
# Keeps $BUSY processes busy for $BUSY_SECONDS seconds, or until it is ended. No test
# measures the machine: `make test` passes beside it.
trap 'kill $jobs; exit' INT TERM
jobs=""
for _ in $(seq "${BUSY:-6}"); do
    timeout "${BUSY_SECONDS:-600}" sh -c 'while :; do :; done' &
    jobs="$jobs $!"
done
wait
