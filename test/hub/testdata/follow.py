"""Follows a channel to the end of its process, over as many connections as it takes. It prints
each message, and before those of a connection the position that it asks for.

usage: follow.py ws://HOST:PORT/ws CHANNEL"""
import asyncio
import json
import sys

import websockets

SILENCE = 0.5  # seconds without a message, after which the connection is given up


async def follow(url, channel):
    position = "none:0"
    while True:
        try:
            async with websockets.connect(url, open_timeout=SILENCE, ping_interval=None, close_timeout=0) as socket:
                print(json.dumps({"connected": position}), flush=True)
                await socket.send(json.dumps({"type": "subscribe", "data": channel, "after": position}))
                while True:
                    text = await asyncio.wait_for(socket.recv(), SILENCE)
                    print(text, flush=True)
                    message = json.loads(text)
                    position = f"{message['epoch']}:{message['seq']}"
                    if message["type"] == "process_status" and message["data"]["status"] != "running":
                        return
        except (OSError, asyncio.TimeoutError, websockets.exceptions.WebSocketException):
            pass


asyncio.run(follow(*sys.argv[1:]))
