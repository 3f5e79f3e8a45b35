"""A client made of Python's websockets. It reads a job from stdin and prints
what it saw; jobs and results are those of clients_test.go."""
import asyncio
import base64
import json
import sys

import websockets


def pieces(data, n):
    size = -(-len(data) // n) or 1
    return [data[i * size:(i + 1) * size] for i in range(n)]


async def send(socket, message):
    data = base64.b64decode(message["base64"]) if "base64" in message else message.get("text", "")
    if message.get("pieces"):
        data = pieces(data, message["pieces"])
    await socket.send(data)


async def receive(socket, job, messages):
    while True:
        data = await socket.recv()
        if isinstance(data, bytes):
            messages.append({"base64": base64.b64encode(data).decode()})
        else:
            messages.append({"text": data})
        if len(messages) == job.get("receive"):
            await socket.close(job.get("code", 1000), job.get("reason", ""))


async def send_all(socket, job):
    try:
        for message in job.get("send") or []:
            await send(socket, message)
    except websockets.ConnectionClosed:
        pass  # the server may end the conversation first


async def main():
    job = json.load(sys.stdin)
    result = {"messages": []}
    socket = await websockets.connect(job["url"], subprotocols=job.get("protocols") or None, max_size=None)
    result["protocol"] = socket.subprotocol or ""
    sending = asyncio.ensure_future(send_all(socket, job))
    try:
        await receive(socket, job, result["messages"])
    except websockets.ConnectionClosed:
        pass
    await sending
    result["code"] = socket.close_code
    result["reason"] = socket.close_reason
    json.dump(result, sys.stdout)


asyncio.run(main())
