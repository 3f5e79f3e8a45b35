#!/bin/sh
# Starts slowly, and learns of its client from the first line of its input: one
# JSON object with all variables of the request.
sleep 0.2
ready="ready since $(date +%s)"
read -r request || exit 0 # nobody came
echo "$ready"
echo "$request"
