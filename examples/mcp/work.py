#!/usr/bin/env python3
# An MCP server whose tool takes its time, tells how far it is, and stops when it is cancelled.
import json
import sys
import threading

ABOUT = {"protocolVersion": "2025-06-18", "serverInfo": {"name": "work", "version": "1"}, "capabilities": {"tools": {}},
         "supportedVersions": ["2026-07-28"]}
TOOL = {"name": "work", "description": "Works, a fifth of a second for each step", "inputSchema": {
    "type": "object", "properties": {"steps": {"type": "integer", "minimum": 1, "maximum": 100}}, "required": ["steps"]}}
cancelled = {}  # what stops the work at a request
writing = threading.Lock()


def say(**message):
    with writing:
        print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def work(params, stop):
    steps, token = int(params["arguments"]["steps"]), params.get("_meta", {}).get("progressToken")
    for done in range(1, steps + 1):
        if stop.wait(0.2):
            return None
        if token is not None:
            say(method="notifications/progress", params={"progressToken": token, "progress": done, "total": steps})
    return {"content": [{"type": "text", "text": f"{steps} steps are done"}]}


def answer(request, stop):
    methods = {"initialize": lambda: ABOUT, "server/discover": lambda: ABOUT, "ping": dict,
               "tools/list": lambda: {"tools": [TOOL]}, "tools/call": lambda: work(request["params"], stop)}
    if request["method"] not in methods:
        say(id=request["id"], error={"code": -32601, "message": "Unknown method"})
    elif (result := methods[request["method"]]()) is not None:
        say(id=request["id"], result={"resultType": "complete", "ttlMs": 0, "cacheScope": "public", **result})
    cancelled.pop(request["id"], None)


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:
        cancelled[request["id"]] = threading.Event()
        threading.Thread(target=answer, args=(request, cancelled[request["id"]]), daemon=True).start()
    elif request["method"] == "notifications/cancelled":
        cancelled.get(request["params"]["requestId"], threading.Event()).set()
