#!/usr/bin/env python3
# An MCP server in ten lines, for clients of both eras of the protocol. Its tool counts the words of a text.
import json, sys
tool = {"name": "count_words", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}
about = {"protocolVersion": "2025-06-18", "serverInfo": {"name": "words", "version": "1"}, "capabilities": {"tools": {}},
         "supportedVersions": ["2026-07-28"], "resultType": "complete", "ttlMs": 0, "cacheScope": "public"}  # since 2026
for request in map(json.loads, sys.stdin):
    method, text = request["method"], request.get("params", {}).get("arguments", {}).get("text", "")
    results = {"initialize": about, "server/discover": about, "ping": {}, "tools/list": about | {"tools": [tool]},
               "tools/call": about | {"content": [{"type": "text", "text": f"{len(text.split())} words"}]}}
    answer = {"result": results[method]} if method in results else {"error": {"code": -32601, "message": "Unknown method"}}
    if "id" in request: print(json.dumps({"jsonrpc": "2.0", "id": request["id"]} | answer), flush=True)
