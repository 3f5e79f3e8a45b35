#!/bin/sh
# What `make run` says before the server starts.
cat <<END

  examples/bash/count.sh is about to be a WebSocket server on ws://localhost:$PORT/

  In a browser: open http://localhost:$PORT/ (it answers 404: there is no page, only a program),
  open the developer tools' console there, and type

      new WebSocket('ws://localhost:$PORT/').onmessage = e => console.log(e.data)

  In another terminal, any of

      npx wscat -c ws://localhost:$PORT/
      python3 -m websockets ws://localhost:$PORT/

  Ctrl-C stops it. Next: make run PORT=9000, ./websocketd --help, README.md

END
