#!/bin/sh
# A chat room for everybody who is connected. Needs nothing but GNU tail.
# The log may be another file: ./chat.sh /var/tmp/room.log
log=${1:-$(dirname "$0")/chat.log}

# In the log every line begins with the number of the process that said it.
say() { printf '%s %s\n' $$ "$1" >>"$log"; }

echo 'What is your name?'
IFS= read -r name || exit
touch "$log"
seen=$(wc -l <"$log")

trap 'say "$name has left."' EXIT
trap exit INT TERM
say "$name has come in."
echo "Welcome, $name."

# What everybody else says from now on. The tail ends with this process.
tail -n "+$((seen + 1))" -f --pid=$$ "$log" | while IFS= read -r line; do
    case $line in
        "$$ "*) ;;
        *) printf '%s\n' "${line#* }" ;;
    esac
done &

while IFS= read -r message; do
    say "$name: $message"
done
