"""The plugin's side of Toru's protocol, version 1, in one file: change it as you like. See docs/plugin-protocol.md of Toru.

Requests are answered in threads, one each. Bodies of up to 64 KiB are taken and given, however they come; larger ones are not.
"""

import base64
import json
import os
import socket
import sys
import threading
import traceback
from datetime import datetime, timezone

MAX_MESSAGE = 1024 * 1024
MAX_INLINE = 64 * 1024


class Refused(Exception):
    """Toru said no. `code` is for the program, the text for a person."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Body:
    """A request's body that comes in pieces."""

    def __init__(self):
        self.bytes = b""
        self.too_large = False
        self.cancelled = False
        self.over = threading.Event()

    def receive(self, payload):
        action = payload["action"]
        if action == "data" and not self.too_large:
            self.bytes += base64.b64decode(payload["data"])
            self.too_large = len(self.bytes) > MAX_INLINE
        # Toru may send 1 MiB before it waits for credit: more than is ever taken here, so none has to be given.
        self.cancelled = self.cancelled or action == "cancel"
        if self.too_large or action in ("end", "cancel"):
            self.over.set()


class Plugin:
    def __init__(self):
        self.settings = {}
        self._routes = {}
        self._answers = {}
        self._bodies = {}
        self._lock = threading.Lock()
        self._last = 0
        self._open = 0
        self._socket = None

    def route(self, method, path):
        """
        `@plugin.route("GET", "/count")`: the function gets the request, and returns what becomes JSON, or (status, it).
        `request["bytes"]` is the body.
        """

        def keep(function):
            self._routes[method, path] = function
            return function

        return keep

    def run(self):
        """Connects to the Toru that started this process, and answers until it is told to end."""
        launch = json.loads(sys.stdin.readline() or "null")
        if not launch:
            sys.exit("This is a plugin of Toru, which starts it and tells it where to connect.")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(launch["socket"])
        self._say("lifecycle", "hello", {"action": "hello", "token": launch["token"], "protocol": {"min": 1, "max": 1}})
        with self._socket.makefile("rb") as lines:
            while line := lines.readline(MAX_MESSAGE + 1):
                message = json.loads(line)
                self._receive(message["type"], message["request_id"], message["payload"])
        # The connection is over: Toru has gone.
        os._exit(0)

    def log(self, level, message, **fields):
        self._say("log", "log", {"action": "line", "level": level, "message": message, "fields": fields})

    def publish(self, name, data):
        self._say("event", "event", {"action": "publish", "name": name, "data": data})

    def kv_get(self, key):
        """The value and its version; (None, 0) when it is not there."""
        entry = self._ask("kv", {"action": "get", "key": key})["entry"]
        return (entry["value"], entry["version"]) if entry else (None, 0)

    def kv_set(self, key, value, if_version=None):
        condition = {} if if_version is None else {"if_version": if_version}
        return self._ask("kv", {"action": "set", "key": key, "value": value, **condition})["version"]

    def _receive(self, kind, request_id, payload):
        action = payload["action"]
        if kind == "http" and action == "request":
            if payload.get("stream"):
                self._bodies[request_id] = Body()
            with self._lock:
                self._open += 1
            threading.Thread(target=self._answer, args=(request_id, payload), daemon=True).start()
        elif kind == "http":
            body = self._bodies.get(request_id)
            if body:
                body.receive(payload)
        elif kind in ("kv", "run"):
            waiting = self._answers.pop(request_id, None)
            if waiting:
                waiting["answer"] = payload
                waiting["there"].set()
        elif action == "init":
            self.settings = payload["settings"]
            self._say("lifecycle", request_id, {"action": "ready"})
        elif action == "ping":
            self._say("lifecycle", request_id, {"action": "pong"})
        elif action == "settings":
            self.settings = payload["settings"]
        elif action == "refused":
            sys.exit(payload["message"])
        elif action == "shutdown":
            threading.Thread(target=self._finish, args=(payload["grace_ms"] / 1000,), daemon=True).start()

    def _answer(self, request_id, request):
        try:
            answer = self._result(request_id, request)
            if answer:
                self._respond(request_id, *answer)
        except Exception:
            self.log("error", f"{request['method']} {request['path']} failed", trace=traceback.format_exc())
            self._respond(request_id, 500, {"error": {"code": "internal", "message": "The plugin failed. Its log says why."}})
        finally:
            self._bodies.pop(request_id, None)
            with self._lock:
                self._open -= 1

    def _result(self, request_id, request):
        """Status and what becomes JSON; None when nobody waits for it any more."""
        function = self._routes.get((request["method"], request["path"]))
        if function is None:
            return 404, {"error": {"code": "not_found", "message": f"This plugin has nothing at {request['path']}."}}
        if request.get("stream"):
            body = self._bodies[request_id]
            body.over.wait()
            if body.cancelled:
                return None
            if body.too_large:
                return 413, {"error": {"code": "too_large", "message": "This plugin takes bodies of at most 64 KiB."}}
            request["bytes"] = body.bytes
        else:
            text = request.get("body", "")
            request["bytes"] = base64.b64decode(text) if request.get("encoding") == "base64" else text.encode()
        result = function(request)
        return result if isinstance(result, tuple) else (200, result)

    def _respond(self, request_id, status, result):
        body = json.dumps(result)
        if len(body.encode()) > MAX_INLINE:
            raise ValueError("an answer of more than 64 KiB has to be streamed: see docs/plugin-protocol.md")
        self._say("http", request_id, {"action": "response", "status": status, "headers": [["content-type", "application/json"]], "body": body})

    def _ask(self, kind, payload):
        with self._lock:
            self._last += 1
            request_id = f"{kind}-{self._last}"
        waiting = self._answers[request_id] = {"there": threading.Event()}
        self._say(kind, request_id, payload)
        waiting["there"].wait()
        answer = waiting["answer"]
        if answer["action"] == "error":
            raise Refused(answer["code"], answer["message"])
        return answer

    def _say(self, kind, request_id, payload):
        timestamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        line = json.dumps({"type": kind, "timestamp": timestamp, "request_id": request_id, "payload": payload}) + "\n"
        with self._lock:
            self._socket.sendall(line.encode())

    def _finish(self, grace):
        idle = threading.Event()
        while self._open and not idle.wait(0.02) and grace > 0:
            grace -= 0.02
        self._socket.close()
        os._exit(0)
