#!/usr/bin/env python3
"""Countdown: a plugin for Toru, straight from its protocol (version 1)."""
import asyncio
import base64
import json
import math
import os
import sys
import threading
import traceback
from datetime import datetime, timezone
from urllib.parse import parse_qs, unquote

MESSAGE_MAX = 1_048_576
PIECE_MAX = 65_536
CREDIT = 1_048_576
TTL_MAX = 315_360_000
TTL_AFTER = 86_400  # a moment is kept a day after it has passed
PREFIX = "moment/"


class HttpError(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Refused(Exception):
    """An `error` of Toru's as the answer to a kv request."""

    def __init__(self, payload):
        super().__init__(payload.get("message", ""))
        self.code = payload.get("code", "internal")


class Request:
    def __init__(self, plugin, request_id, asked):
        self.plugin, self.id = plugin, request_id
        self.method, self.path = asked["method"], asked["path"]
        self.query = parse_qs(asked.get("query", "").removeprefix("?"))
        self.streamed = bool(asked.get("stream"))
        self.whole = b""
        if "body" in asked:
            body = asked["body"]
            self.whole = base64.b64decode(body) if asked.get("encoding") == "base64" else body.encode()
        self.incoming = asyncio.Queue()  # pieces, None at the end: never more than the credit
        self.credit = CREDIT
        self.more_credit = asyncio.Event()
        self.head_sent = False
        self.task = None

    async def body(self):
        if not self.streamed:
            if self.whole:
                yield self.whole
            return
        while (piece := await self.incoming.get()) is not None:
            yield piece
            if piece:  # used up
                await self.say({"action": "credit", "bytes": len(piece)})

    async def json(self, limit=PIECE_MAX):
        body = bytearray()
        async for piece in self.body():
            body += piece
            if len(body) > limit:
                raise HttpError(413, "too_large", f"At most {limit} bytes.")
        try:
            return json.loads(body)
        except ValueError:
            raise HttpError(400, "bad_message", "The body is not JSON.") from None

    async def say(self, payload):
        await self.plugin.say("http", self.id, payload)

    async def head(self, status, content_type, **rest):
        self.head_sent = True
        await self.say({"action": "response", "status": status, "headers": [["content-type", content_type]], **rest})

    async def respond(self, status, result):
        text = json.dumps(result)
        if len(text) <= PIECE_MAX:
            return await self.head(status, "application/json", body=text)
        await self.head(status, "application/json", stream=True)
        await self.write(text.encode())
        await self.say({"action": "end"})

    async def write(self, data):
        view = memoryview(data)
        while view:
            while self.credit <= 0:
                self.more_credit.clear()
                await self.more_credit.wait()
            piece = view[: min(PIECE_MAX, self.credit)]
            view = view[len(piece):]
            self.credit -= len(piece)
            await self.say({"action": "data", "data": base64.b64encode(piece).decode()})


class Plugin:
    def __init__(self, launch):
        self.launch = launch
        self.settings, self.limits = {}, {}
        self.waiting, self.counter = {}, 0
        self.requests = {}
        self.ending = None

    # --- talking

    async def say(self, kind, request_id, payload):
        timestamp = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = {"type": kind, "timestamp": timestamp, "request_id": request_id, "payload": payload}
        self.writer.write(json.dumps(message, allow_nan=False).encode() + b"\n")
        await self.writer.drain()

    async def kv(self, action, **payload):
        self.counter += 1
        request_id = f"k{self.counter}"
        answer = self.waiting[request_id] = asyncio.get_running_loop().create_future()
        try:
            await self.say("kv", request_id, {"action": action, **payload})
            result = await answer
        finally:
            self.waiting.pop(request_id, None)
        if result["action"] == "error":
            raise Refused(result)
        return result

    async def log(self, level, message, error=None, **fields):
        line = {"action": "line", "level": level, "message": message}
        if error:
            line["error"] = error
        if fields:
            line["fields"] = fields
        await self.say("log", "log", line)

    async def publish(self, name, data):
        await self.say("event", "event", {"action": "publish", "name": name, "data": data})

    # --- life

    async def live(self):
        reader, self.writer = await asyncio.open_unix_connection(self.launch["socket"], limit=2 * MESSAGE_MAX)
        hello = {"action": "hello", "token": self.launch["token"], "protocol": {"min": 1, "max": 1}}
        await self.say("lifecycle", "hello", hello)
        while line := await reader.readline():
            message = json.loads(line)
            kind, request_id, payload = message["type"], message["request_id"], message["payload"]
            if kind == "lifecycle":
                if payload["action"] == "refused":
                    print("refused:", payload["code"], payload["message"], file=sys.stderr)
                    return 1
                await self.lifecycle(request_id, payload)
            elif kind == "http":
                self.http(request_id, payload)
            elif kind == "kv":
                answer = self.waiting.get(request_id)
                if answer and not answer.done():
                    answer.set_result(payload)
        return 0  # the agent is gone

    async def lifecycle(self, request_id, payload):
        action = payload["action"]
        if action == "init":
            self.settings, self.limits = payload["settings"], payload["kv"]
            self.spawn(self.begin(request_id))
        elif action == "ping":
            self.spawn(self.say("lifecycle", request_id, {"action": "pong"}))
        elif action == "settings":
            self.settings = payload["settings"]
            self.spawn(self.log("info", "settings changed", title=self.title()))
        elif action == "shutdown" and not self.ending:
            self.ending = self.spawn(self.end(payload))

    def spawn(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.tasks = {t for t in getattr(self, "tasks", ()) if not t.done()} | {task}
        return task

    async def begin(self, request_id):
        await self.log("info", "begun", title=self.title())
        await self.say("lifecycle", request_id, {"action": "ready"})

    async def end(self, payload):
        tasks = [r.task for r in self.requests.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=max(0.0, payload.get("grace_ms", 5000) / 1000 - 1))
        try:
            await asyncio.wait_for(self.log("info", "bye", reason=payload.get("reason"), cut=len(self.requests)), 0.5)
        finally:
            self.writer.close()  # sends what is buffered; then readline ends, and with it the program

    def title(self):
        return self.settings.get("title") or "Countdown"

    # --- requests

    def http(self, request_id, payload):
        action = payload["action"]
        if action == "request":
            request = Request(self, request_id, payload)
            self.requests[request_id] = request
            request.task = asyncio.ensure_future(self.serve(request))
            return
        request = self.requests.get(request_id)
        if not request:
            return  # crossed with the answer
        if action == "data":
            request.incoming.put_nowait(base64.b64decode(payload["data"]))
        elif action == "end":
            request.incoming.put_nowait(None)
        elif action == "credit":
            request.credit += payload["bytes"]
            request.more_credit.set()
        elif action in ("cancel", "error"):
            request.task.cancel()

    async def serve(self, request):
        try:
            await self.route(request)
        except HttpError as error:
            await request.respond(error.status, {"error": {"code": error.code, "message": error.message}})
        except (ConnectionError, asyncio.CancelledError):
            pass  # whoever asked has left
        except Exception as error:
            await self.log("error", f"{request.method} {request.path} failed", traceback.format_exc())
            code = error.code if isinstance(error, Refused) else "internal"
            await request.say({"action": "error", "code": code, "message": "It failed; the log says why."})
        finally:
            self.requests.pop(request.id, None)

    async def route(self, request):
        try:
            path = [unquote(part, errors="strict") for part in request.path.split("/")[1:]]
        except UnicodeDecodeError:
            raise HttpError(400, "bad_message", "The address is not UTF-8.") from None
        match request.method, *path:
            case "GET", "left", name if name:
                await self.left(request, name)
            case "PUT", "moments", name if name:
                await self.put(request, name)
            case "GET", "moments":
                await self.list(request)
            case "POST", "echo-size":
                size = 0
                async for piece in request.body():
                    size += len(piece)
                await request.respond(200, {"size": size})
            case "GET", "numbers":
                await self.numbers(request)
            case _:
                raise HttpError(404, "not_found", "There is no such route.")

    def key(self, name):
        key = PREFIX + name
        if len(key.encode()) > self.limits["max_key_bytes"]:
            raise HttpError(413, "too_large", "The name is too long.")
        return key

    async def left(self, request, name):
        entry = (await self.kv("get", key=self.key(name)))["entry"]
        if not entry:
            raise HttpError(404, "not_found", f"There is no moment “{name}”.")
        at = parse(entry["value"]["at"])
        await request.respond(200, {"title": self.title(), "name": name, "at": entry["value"]["at"], "left": seconds(at)})

    async def put(self, request, name):
        key, body = self.key(name), await request.json()
        try:
            at = parse(body["at"])
            left = seconds(at)
        except (TypeError, KeyError, ValueError, AttributeError, OverflowError):
            raise HttpError(400, "bad_message", 'Send {"at": "2030-01-01T00:00:00Z"}.') from None
        ttl = min(TTL_MAX, math.ceil(max(0, left)) + TTL_AFTER)
        value = {"at": at.isoformat().replace("+00:00", "Z"), "changes": 1}
        for _ in range(20):
            entry = (await self.kv("get", key=key))["entry"]
            value["changes"] = entry["value"]["changes"] + 1 if entry else 1
            try:
                stored = await self.kv("set", key=key, value=value, ttl_s=ttl, if_version=entry["version"] if entry else 0)
                break
            except Refused as refused:
                if refused.code != "conflict":
                    raise
        else:
            raise HttpError(409, "conflict", "Too many change it at once.")
        await self.publish("changed", {"name": name, **value})
        await self.log("info", "moment stored", name=name, at=value["at"], version=stored["version"], ttl_s=ttl)
        await request.respond(200, {"name": name, **value})

    async def list(self, request):
        moments, after = [], {}
        while True:
            page = await self.kv("list", prefix=PREFIX, limit=100, values=True, **after)
            for entry in page["entries"]:
                at = entry["value"]["at"]
                moments.append({"name": entry["key"][len(PREFIX):], "at": at, "left": seconds(parse(at))})
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        await request.respond(200, {"title": self.title(), "moments": moments})

    async def numbers(self, request):
        try:
            n = int(request.query.get("n", ["1000"])[0])
            if not 0 <= n <= 1_000_000_000:
                raise ValueError
        except ValueError:
            raise HttpError(400, "bad_message", "n is a number from 0 to 1000000000.") from None
        await request.head(200, "text/plain", stream=True)
        for begin in range(1, n + 1, 5000):
            await request.write("".join(f"{i}\n" for i in range(begin, min(begin + 5000, n + 1))).encode())
            await asyncio.sleep(0)
        await request.say({"action": "end"})


def parse(text):
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at if at.tzinfo else at.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def seconds(at):
    return round((at - datetime.now(timezone.utc)).total_seconds(), 3)


def watch_input():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)  # the agent is gone


if __name__ == "__main__":
    launch = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=watch_input, daemon=True).start()
    try:
        code = asyncio.run(Plugin(launch).live())
    except ConnectionError:
        code = 0
    sys.stdout.flush()
    os._exit(code)
