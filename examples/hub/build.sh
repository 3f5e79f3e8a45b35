#!/bin/sh
# A build that takes a while, as far as anyone can see.
for step in fetch compile link; do
	echo "$step ..."
	sleep 1
done
echo 'main.c:7: warning: nothing was built' >&2
echo done
