#!/usr/bin/env bash
# What `make run` does: builds, welcomes, and serves an example on port $PORT.
set -u
cd "$(dirname "$0")/.." || exit 1

# A build that takes longer than a moment is the first one.
{ sleep 3 >/dev/null 2>&1 && echo "Building websocketd. The first time takes a minute or two, later ones a second."; } &
notice=$!
go build -o websocketd . || { kill $notice; exit 1; }
kill $notice 2>/dev/null && wait $notice 2>/dev/null

for address in 127.0.0.1 ::1; do
    if (: <>"/dev/tcp/$address/$PORT") 2>/dev/null; then
        echo "Port $PORT is taken by another program. Take another one: make run PORT=$((PORT + 1))"
        exit 1
    fi
done

cat <<END

  examples/bash/count.sh is about to be a WebSocket server on ws://localhost:$PORT/

  Open http://localhost:$PORT/ in a browser and press Enter: the console connects and shows
  1 to 10, and how the script ended.

  Without a browser, in another terminal:

      ./websocketd connect :$PORT

  Ctrl-C stops it. Next: make run PORT=9000, ./websocketd --help, examples/, README.md

END
exec ./websocketd --port="$PORT" --devconsole ./examples/bash/count.sh
