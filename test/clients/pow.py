"""A client of Process Over WebSocket, written from the description of the protocol alone. It
knows nothing of the server but the programs in pow/python_test.go.

usage: pow.py ws://HOST:PORT/BASE/ POINT

It prints "right" if what the point says holds."""
import asyncio
import json
import sys
import urllib.error
import urllib.request

import websockets


class Wrong(Exception):
    pass


def check(right, *what):
    if not right:
        raise Wrong(*what)


class Call:
    """A call over one connection: text is input and output, binary messages are control."""

    def __init__(self, socket):
        self.socket = socket
        self.output = ""

    async def start(self, name, *params):
        await self.control({"call": name, "params": params})
        return self

    async def control(self, message):
        await self.socket.send(json.dumps(message).encode())

    async def send(self, text):
        await self.socket.send(text)

    async def close_input(self):
        await self.control({"signal": "close"})

    async def cancel(self):
        await self.control({"signal": "cancel"})

    async def says(self, text):
        while len(self.output) < len(text):
            data = await self.socket.recv()
            check(isinstance(data, str), "a result", data, "before the output", text)
            self.output += data
        check(self.output == text, self.output, "is not", text)
        self.output = ""

    async def result(self):
        """The rest of the output, and the result. The result is the only binary message and
        the last message, and the connection is closed with 1000 and no reason."""
        result = None
        try:
            while True:
                data = await self.socket.recv()
                check(result is None, data, "comes after the result", result)
                if isinstance(data, bytes):
                    result = json.loads(data)
                else:
                    self.output += data
        except websockets.ConnectionClosed:
            pass
        check(result is not None, "no result; closed with", self.socket.close_code, self.socket.close_reason)
        check((self.socket.close_code, self.socket.close_reason) == (1000, ""), "closed with", self.socket.close_code, self.socket.close_reason)
        check(result["status"] == "fulfilled" or result["status"] == "rejected" and isinstance(result["reason"], str), result)
        return self.output, result


FULFILLED = {"status": "fulfilled", "value": None}


def rejected(result, reason):
    check(result["status"] == "rejected" and result["reason"].startswith(reason), result, "does not begin with", reason)


class Client:
    def __init__(self, url):
        self.url = url
        self.rest = "http" + url.removeprefix("ws")

    async def open(self, protocols=("pow-1",), path=""):
        return Call(await websockets.connect(self.url + path, subprotocols=list(protocols) or None, max_size=None, ping_interval=None))

    async def call(self, name, *params):
        return await (await self.open()).start(name, *params)

    def ask(self, path, body=None, method=None):
        request = urllib.request.Request(self.rest + path, data=body, method=method or ("GET" if body is None else "POST"))
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    # 1. Offering pow-1 is accepted and echoed; offering nothing or something else gives 403.
    async def accepted(self):
        for offers, path in [(["pow-1"], ""), (["other", "pow-1"], ""), (["pow-1"], "any/path?a=b")]:
            call = await self.open(offers, path)
            check(call.socket.subprotocol == "pow-1", call.socket.subprotocol)
            await call.socket.close()
        for offers in [], ["other"]:
            try:
                await self.open(offers)
                raise Wrong("accepted", offers)
            except websockets.InvalidStatusCode as refused:
                check(refused.status_code == 403, refused)

    # 2. The name alone chooses the program, and params are its arguments.
    async def named(self):
        params = ["a b", "", "$(id)", "ä\n𝄞", '"']
        output, result = await (await self.call("args", *params)).result()
        check((output, result) == ("".join(f"<{p}>" for p in params), FULFILLED), output, result)
        for name in "/bin/sh", "sh", "../args", "args/", "", "Args":
            output, result = await (await self.call(name)).result()
            rejected(result, "failed to get process: unknown process")
        rejected((await (await self.call("args", "-n")).result())[1], "failed to get process: invalid args")

    # 3. Text round-trips byte for byte, with no added newline.
    async def text(self):
        for texts in ["ä", "€𝄞", "", "no newline"], ["\n", "\r\n", "\0"], ["{}", '{"signal":"cancel"}']:
            call = await self.call("cat")
            for text in texts:
                await call.send(text)
            await call.close_input()
            output, result = await call.result()
            check((output, result) == ("".join(texts), FULFILLED), output, result)

    # 4. Output that splits a character arrives whole.
    async def split(self):
        output, result = await (await self.call("split")).result()
        check((output, result) == ("ä€" * 200, FULFILLED), output, result)

    # 5. close gives end of file; what comes later is ignored, and so is another close.
    async def closed(self):
        call = await self.call("cat")
        await call.send("x")
        await call.close_input()
        await call.close_input()
        await call.send("late")
        output, result = await call.result()
        check((output, result) == ("x", FULFILLED), output, result)

    # 6. Status 0 is fulfilled, anything else rejected with a reason that names it.
    async def endings(self):
        check((await (await self.call("exits", "0", "")).result())[1] == FULFILLED)
        output, result = await (await self.call("exits", "3", "last")).result()
        check(output == "last" and result["reason"] == "process returned error: exit status 3", output, result)
        output, result = await (await self.call("killed")).result()
        check(result["reason"] == "process returned error: signal: SIGTERM", result)

    # 7. 300 KiB of echo arrive complete, and before the result.
    async def complete(self):
        call = await self.call("cat")
        text = "0123456789abcde€" * 1024
        for _ in range(18):
            await call.send(text)
        await call.close_input()
        output, result = await call.result()
        check((output, result) == (text * 18, FULFILLED), len(output), result)

    # 8. What goes wrong, and how it is told.
    async def wrong(self):
        for message in b"nonsense", b"[]", b"", b'{"call":1}', b'{"call":"cat","params":[1]}', b'{"call":"cat","params":"x"}':
            call = await self.open()
            await call.socket.send(message)
            rejected((await call.result())[1], "protocol error occurred")
        for message in b"{}", b'{"CALL":"","more":1}':
            call = await self.open()
            await call.socket.send(message)
            rejected((await call.result())[1], "failed to get process: unknown process")
        call = await self.open()
        await call.send('{"call":"cat"}')
        output, result = await call.result()
        rejected(result, "timeout expired")
        check(output == "", output)
        for message in b'{"call":"cat"}', b'{"signal":"other"}', b"nonsense":
            call = await self.call("sleeps")
            await call.says("up\n")
            await call.socket.send(message)
            rejected((await call.result())[1], "process returned error: protocol error occurred")
        call = await self.open()
        await (await call.socket.ping(b"before"))
        await call.start("cat")
        await (await call.socket.ping(b"during"))
        await call.socket.close(4321, "mine")
        check((call.socket.close_code, call.socket.close_reason) == (4321, ""), call.socket.close_code, call.socket.close_reason)

    # 9. cancel ends what ignores everything; the second one closes the input.
    async def canceled(self):
        call = await self.call("stubborn")
        await call.says("up\n")
        await call.cancel()
        rejected((await call.result())[1], "process returned error: client requested cancellation")
        call = await self.call("ignores")
        await call.says("up\n")
        await call.cancel()
        await call.send("open")
        await call.says("open")
        await call.cancel()
        output, result = await call.result()
        check((output, result) == ("end\n", FULFILLED), output, result)

    # 10. Text before the call is delivered first, however much it is.
    async def early(self):
        call = await self.open()
        text = "0123456789abcdef" * 4096
        for _ in range(64):
            await call.send(text)
        await call.start("cat")
        await call.send("later")
        await call.close_input()
        output, result = await call.result()
        check((output, result) == (text * 64 + "later", FULFILLED), len(output), result)

    # 11. A client that closes or vanishes: the test counts what is left.
    async def leaves(self):
        for leave in "close", "abort", "abort before the call":
            call = await self.open()
            if leave != "abort before the call":
                await call.start("stubborn")
                await call.says("up\n")
            if leave == "close":
                await call.socket.close()
            else:
                call.socket.transport.abort()

    def new(self, name, *params):
        status, body, headers = self.ask("new", json.dumps({"call": name, "params": params}).encode())
        check(status == 200 and headers["Content-Type"].startswith("application/json"), status, body, headers)
        return json.loads(body)

    def says_rest(self, path, want, body=b""):
        status, text, _ = self.ask(path, body)
        check((status, text.strip()) == want, path, status, text, "is not", want)

    async def until(self, id, buffer, status):
        """Polls until the status is that, and the buffer; None is no buffer."""
        for _ in range(600):
            code, body, _ = self.ask("status/" + id)
            got = json.loads(body)
            if got["result"]["status"] == status and got.get("buffer") == buffer:
                return got["result"]
            await asyncio.sleep(0.1)
        raise Wrong(code, got, "is not", buffer, status)

    # 12. The same processes without a WebSocket.
    async def rest_face(self):
        id = self.new("cat")
        await self.until(id, None, "pending")
        self.says_rest("input/" + id, (200, "input sent"), "ä\nb".encode())
        await self.until(id, "ä", "pending")  # the last line has not ended
        self.says_rest("input/" + id, (200, "input sent"), b"\r\n\nc\nd")
        await self.until(id, "ä\nb\n\nc", "pending")
        for _ in range(2):
            self.says_rest("closeInput/" + id, (200, "input closed"))
        result = await self.until(id, "ä\nb\n\nc", "fulfilled")
        check(result == FULFILLED, result)
        self.says_rest("input/" + id, (500, "error copying data to process"), b"x")
        self.says_rest("closeInput/" + id, (200, "input closed"))
        id = self.new("stubborn")
        await self.until(id, "up", "pending")
        for _ in range(2):
            self.says_rest("cancel/" + id, (200, "process cancelled"))
            rejected(json.loads(self.ask("status/" + id)[1])["result"], "client requested cancellation")
        id = self.new("exits", "3", "last\\n")
        check(await self.until(id, "last", "rejected") == {"status": "rejected", "reason": "exit status 3"})
        result = await self.until(self.new("none of these"), None, "rejected")
        check(result["reason"] == "failed to get process: unknown process", result)
        result = await self.until(self.new("args", "-x"), None, "rejected")
        rejected(result, "failed to get process: invalid args")
        id = self.new("sleeps")  # which reads nothing: no request hangs
        for _ in range(50):
            status, text, headers = self.ask("input/" + id, b"x" * 100_000)
            if status != 200:
                break
        check(status == 429 and int(headers["Retry-After"]) > 0, status, text)
        self.says_rest("cancel/" + id, (200, "process cancelled"))
        for body in b"", b"nonsense", b"[]", b'{"call":1}':
            self.says_rest("new", (400, "failed to decode call message"), body)
        strange = "00000000-0000-4000-8000-000000000000"
        for path in "input/", "closeInput/", "cancel/":
            self.says_rest(path + strange, (404, "process not found"))
        check(self.ask("status/" + strange)[:1] == (404,), self.ask("status/" + strange))
        for path, method in [("new", "GET"), ("status/" + id, "POST"), ("input/" + id, "GET"), ("cancel/" + id, "PUT")]:
            status, text, headers = self.ask(path, b"" if method != "GET" else None, method)
            check(status == 405 and headers["Allow"], method, path, status, text)

    # 14. The document names the paths and the base; the page fetches nothing from elsewhere.
    async def document(self):
        status, body, _ = self.ask("openapi.json")
        check(status == 200, status, body)
        document = json.loads(body)
        named = {path.split("/")[1] for path in document["paths"]}
        check({"new", "status", "input", "closeInput", "cancel"} <= named, named)
        base = "/" + self.url.split("/", 3)[3]
        check(any(server["url"].rstrip("/").endswith(base.rstrip("/")) for server in document["servers"]), document["servers"])
        status, body, headers = self.ask("docs")  # which leads to the page
        check(status == 200 and headers["Content-Type"].startswith("text/html"), status, headers)
        for foreign in 'src="http', "src='http", 'href="http', "@import", 'src="//', "url(http":
            check(foreign not in body, "the page has", foreign)

    async def run(self, point):
        await getattr(self, point)()
        print("right")


try:
    asyncio.run(Client(sys.argv[1]).run(sys.argv[2]))
except Wrong as wrong:
    print(*wrong.args)
