#!/bin/sh
# What `make run` says before the server starts.
cat <<END

  examples/bash/count.sh is about to be a WebSocket server on ws://localhost:$PORT/

  Open http://localhost:$PORT/ in a browser and press Enter: the console connects and shows
  1 to 10, and how the script ended. Without a browser, in another terminal:

      npx wscat -c ws://localhost:$PORT/
      python3 -m websockets ws://localhost:$PORT/

  Ctrl-C stops it. Next: make run PORT=9000, ./websocketd --help, examples/, README.md

END
