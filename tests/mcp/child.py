"""A scripted MCP server for tests: stdio or streamable HTTP, either era, and every fault on demand.

Standard library alone. What happens to it goes into the file of --journal, one JSON object a line.
"""

import argparse
import base64
import json
import os
import signal
import sys
import threading
import time

LEGACY = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]
MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
# Nothing of this outlives a test that went wrong by more than this.
LONGEST_LIFE = 180
PAGE = 50
ASKED = {
    "sampling": ("sampling/createMessage", {
        "messages": [{"role": "user", "content": {"type": "text", "text": "What is the answer?"}}], "maxTokens": 16}),
    "elicitation": ("elicitation/create", {
        "message": "Who are you?", "mode": "form",
        "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}}),
    "roots": ("roots/list", {}),
}


class Refused(Exception):
    """A JSON-RPC error."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


class Cancelled(Exception):
    """The client does not want the answer any more."""


class Nothing(Exception):
    """No answer is sent."""


def journal(event, **more):
    if OPTIONS.journal:
        line = json.dumps({"event": event, "pid": os.getpid(), **more}) + "\n"
        with open(OPTIONS.journal, "a", encoding="utf-8") as file:
            file.write(line)


def schema(**properties):
    return {"type": "object", "properties": properties}


def first_tools():
    """Every tool by its name, with its definition."""
    whole, text, flag = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
    names = {
        "echo": ("Returns its arguments." + (f" Version {OPTIONS.version}." if OPTIONS.version else ""),
                 schema(text=text, region={"type": "string", "x-mcp-header": "Region"})),
        "slow": ("Answers after `ms`.", schema(ms=whole, steps=whole)),
        "fail": ("Fails.", schema(message=text)),
        "crash": ("Ends the process in the middle of the call.", schema()),
        "hush": ("Closes stdout and lives on.", schema()),
        "nonsense": ("Writes garbage, then the answer or nothing.", schema(answer=flag)),
        "flood_progress": ("Sends `n` notes at once.", schema(n=whole)),
        "flood_stderr": ("Writes `mb` of log.", schema(mb=whole)),
        "change_tools": ("Adds, changes or removes a tool.", schema(what=text)),
        "break_list": ("Refuses tools/list from now on, or not any more.", schema(on=flag)),
        "env": ("Tells the environment.", schema()),
        "ask": ("Asks the client: sampling, elicitation or roots.", schema(kind=text)),
        "log": ("Logs at a level.", schema(level=text, text=text)),
        "touch": ("Says that a resource has changed.", schema(uri=text)),
        "big": ("Answers with `n` letters.", schema(n=whole)),
        "forget_session": ("The session is not known any more.", schema()),
    }
    tools = {name: {"name": name, "description": about, "inputSchema": given} for name, (about, given) in names.items()}
    tools["echo"]["outputSchema"] = {"type": "object"}
    tools["echo"]["annotations"] = {"readOnlyHint": True}
    for at in range(OPTIONS.many):
        tools[f"many_{at}"] = {"name": f"many_{at}", "description": "One of many.", "inputSchema": schema()}
    if OPTIONS.bad_tools:
        tools["bad name!"] = {"name": "bad name!", "inputSchema": schema()}
        tools["bad_schema"] = {"name": "bad_schema", "inputSchema": {"type": "string"}}
        tools["no_schema"] = {"name": "no_schema"}
    return tools


class Session:
    """One client: what it asked to hear, and what it was asked."""

    def __init__(self, push):
        # Sends a message that belongs to no request.
        self.push = push
        self.level = None
        self.capabilities = {}
        self.subscribed = set()
        self.running = {}
        self.asked = {}
        self.listeners = {}
        self.count = 0
        self.lock = threading.Lock()

    def cancel(self, request):
        event = self.running.get(json.dumps(request))
        if event:
            event.set()
        self.listeners.pop(json.dumps(request), None)

    def answered(self, message):
        waiting = self.asked.get(message.get("id"))
        if waiting:
            waiting["answer"] = message
            waiting["event"].set()


class Server:
    def __init__(self):
        self.tools = first_tools()
        self.calls = 0
        self.broken_list = False
        self.sessions = []

    # What it can do

    def capabilities(self):
        changed = {"listChanged": True}
        if OPTIONS.only_tools:
            return {"tools": {} if OPTIONS.no_changes else changed}
        return {"tools": {} if OPTIONS.no_changes else changed, "prompts": changed, "completions": {}, "logging": {},
                "resources": {"listChanged": True, "subscribe": True}}

    def answer(self, session, message, send, headers, closed):
        """The result of a request, or a JSON-RPC error. `send` writes notes that belong to it."""
        method, params = message["method"], message.get("params") or {}
        meta = params.get("_meta") or {}
        version = meta.get(META + "protocolVersion")
        modern = version is not None
        if modern and OPTIONS.era == "legacy":
            if OPTIONS.ignore_unknown:
                raise Nothing()
            raise Refused(-32601, f"Method not found: {method}")
        if modern and version != MODERN:
            raise Refused(-32022, "Unsupported protocol version", {"supported": [MODERN], "requested": version})
        if not modern and OPTIONS.era == "modern":
            raise Refused(-32022, "Unsupported protocol version", {"supported": [MODERN], "requested": "legacy"})
        call = Call(self, session, message, send, headers, closed, modern)
        method_of = {
            "server/discover": call.discover, "initialize": call.initialize, "ping": lambda: {},
            "tools/list": call.list_tools, "tools/call": call.call_tool, "prompts/list": call.list_prompts,
            "prompts/get": call.get_prompt, "resources/list": call.list_resources,
            "resources/templates/list": call.list_templates, "resources/read": call.read_resource,
            "resources/subscribe": call.subscribe, "resources/unsubscribe": call.unsubscribe,
            "completion/complete": call.complete, "logging/setLevel": call.set_level,
            "subscriptions/listen": call.listen,
        }.get(method)
        legacy_only = ["initialize", "ping", "resources/subscribe", "resources/unsubscribe", "logging/setLevel"]
        if method_of is None or (modern and method in legacy_only) or (not modern and method == "subscriptions/listen"):
            if OPTIONS.ignore_unknown:
                raise Nothing()
            raise Refused(-32601, f"Method not found: {method}")
        result = method_of()
        if modern:
            result.setdefault("resultType", "complete")
            result.setdefault("_meta", {})[META + "serverInfo"] = INFO
            if method.endswith("/list") or method in ("server/discover", "resources/read"):
                result.setdefault("ttlMs", 0)
                result.setdefault("cacheScope", "private")
        return result

    def tell(self, method, params=None, wanted=None):
        """Tells everybody who wants to hear it."""
        for session in list(self.sessions):
            note = {"jsonrpc": "2.0", "method": method, "params": dict(params or {})}
            for key, (send, wishes) in list(session.listeners.items()):
                if wanted(wishes):
                    told = dict(note["params"], _meta={META + "subscriptionId": json.loads(key)})
                    send({**note, "params": told})
            uri = (params or {}).get("uri")
            if session.push and (uri is None or uri in session.subscribed):
                session.push(note)


INFO = {"name": "child", "version": "1.0.0"}


class Call:
    """One request under way."""

    def __init__(self, server, session, message, send, headers, closed, modern):
        self.server, self.session, self.message, self.send = server, session, message, send
        self.headers, self.closed, self.modern = headers, closed, modern
        self.params = message.get("params") or {}
        self.meta = self.params.get("_meta") or {}
        self.cancelled = threading.Event()

    def page(self, items):
        try:
            at = int(self.params.get("cursor") or 0)
        except ValueError:
            raise Refused(-32602, "Invalid cursor") from None
        more = {"nextCursor": str(at + PAGE)} if at + PAGE < len(items) else {}
        return items[at:at + PAGE], more

    def discover(self):
        journal("discover", headers=self.headers)
        return {"supportedVersions": [MODERN] if OPTIONS.era == "modern" else LEGACY + [MODERN],
                "capabilities": self.server.capabilities(), "instructions": "Be gentle."}

    def initialize(self):
        asked = self.params.get("protocolVersion")
        self.session.capabilities = self.params.get("capabilities") or {}
        journal("session", version=asked, capabilities=self.session.capabilities, headers=self.headers)
        return {"protocolVersion": asked if asked in LEGACY else LEGACY[-1], "serverInfo": INFO,
                "capabilities": self.server.capabilities(), "instructions": "Be gentle."}

    def list_tools(self):
        journal("list", what="tools")
        if OPTIONS.no_list:
            raise Nothing()
        if self.server.broken_list:
            raise Refused(-32603, "The list is broken")
        if OPTIONS.slow_list:
            time.sleep(OPTIONS.slow_list / 1000)
        tools, more = self.page(list(self.server.tools.values()))
        return {"tools": tools, **more}

    def needs_more_than_tools(self, what):
        journal("list", what=what)
        if OPTIONS.only_tools:
            raise Refused(-32601, f"There are no {what}")

    def list_prompts(self):
        self.needs_more_than_tools("prompts")
        greet = {"name": "greet", "description": "Greets.", "arguments": [{"name": "name", "required": True}]}
        return {"prompts": [greet]}

    def get_prompt(self):
        journal("prompt", name=self.params.get("name"))
        if self.params.get("name") != "greet":
            raise Refused(-32602, "Unknown prompt")
        name = (self.params.get("arguments") or {}).get("name", "nobody")
        return {"messages": [{"role": "user", "content": {"type": "text", "text": f"Greet {name}."}}]}

    def list_resources(self):
        self.needs_more_than_tools("resources")
        names = [("text", "text/plain"), ("binary", "application/octet-stream"), ("watched", "text/plain")]
        return {"resources": [{"uri": f"test://{name}", "name": name, "mimeType": kind} for name, kind in names]}

    def list_templates(self):
        self.needs_more_than_tools("templates")
        return {"resourceTemplates": [{"uriTemplate": "test://items/{id}", "name": "item"}]}

    def read_resource(self):
        uri = self.params.get("uri")
        journal("read", uri=uri)
        if uri == "test://binary":
            blob = base64.b64encode(bytes(range(256))).decode()
            return {"contents": [{"uri": uri, "mimeType": "application/octet-stream", "blob": blob}]}
        if uri in ("test://text", "test://watched") or str(uri).startswith("test://items/"):
            return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": f"The text of {uri}"}]}
        raise Refused(-32602 if self.modern else -32002, "Resource not found", {"uri": uri})

    def subscribe(self):
        journal("subscribe", uri=self.params.get("uri"))
        self.session.subscribed.add(self.params.get("uri"))
        return {}

    def unsubscribe(self):
        journal("unsubscribe", uri=self.params.get("uri"))
        self.session.subscribed.discard(self.params.get("uri"))
        return {}

    def complete(self):
        journal("complete", ref=self.params.get("ref"))
        given = (self.params.get("argument") or {}).get("value", "")
        by_kind = {"ref/prompt": ["Ada", "Alan", "Grace"], "ref/resource": ["1", "12", "2"]}
        known = by_kind.get((self.params.get("ref") or {}).get("type"), [])
        values = [value for value in known if value.startswith(given)]
        return {"completion": {"values": values, "total": len(values), "hasMore": False}}

    def set_level(self):
        journal("level", level=self.params.get("level"))
        self.session.level = self.params.get("level")
        return {}

    def listen(self):
        wishes = self.params.get("notifications") or {}
        journal("listen", wishes=wishes)
        key = json.dumps(self.message["id"])
        tag = {META + "subscriptionId": self.message["id"]}
        self.send({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                   "params": {"notifications": wishes, "_meta": tag}})
        self.session.listeners[key] = (self.send, wishes)
        while key in self.session.listeners and not self.closed():
            time.sleep(0.02)
        self.session.listeners.pop(key, None)
        journal("listened")
        raise Nothing()

    # Tools

    def call_tool(self):
        name, arguments = self.params.get("name"), self.params.get("arguments") or {}
        self.server.calls += 1
        journal("call", tool=name, arguments=arguments, meta=self.meta, headers=self.headers, modern=self.modern)
        if OPTIONS.die_after and self.server.calls > OPTIONS.die_after:
            os._exit(4)
        if name not in self.server.tools:
            raise Refused(-32602, f"Unknown tool: {name}")
        run = getattr(self, "do_" + str(name), None)
        key = json.dumps(self.message["id"])
        self.session.running[key] = self.cancelled
        try:
            result = run(arguments) if run else self.text(f"{name} ran")
        except Cancelled:
            journal("cancelled", tool=name)
            raise Nothing() from None
        finally:
            self.session.running.pop(key, None)
        journal("done", tool=name)
        return result

    def text(self, text, **more):
        return {"content": [{"type": "text", "text": text}], **more}

    def progress(self, at, of, message=None):
        token = self.meta.get("progressToken")
        if token is None:
            return
        note = {"progressToken": token, "progress": at, "total": of}
        if message:
            note["message"] = message
        self.send({"jsonrpc": "2.0", "method": "notifications/progress", "params": note})

    def rest(self, seconds):
        """Waits, and ends the call where the client has cancelled it."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.cancelled.wait(min(left, 0.02)) or self.closed():
                raise Cancelled()

    def do_echo(self, arguments):
        return self.text(json.dumps(arguments), structuredContent=arguments)

    def do_slow(self, arguments):
        steps = max(1, int(arguments.get("steps", 4)))
        for step in range(steps):
            self.rest(float(arguments.get("ms", 100)) / 1000 / steps)
            self.progress(step + 1, steps, f"step {step + 1}")
        return self.text("slept", structuredContent={"ms": arguments.get("ms", 100)})

    def do_fail(self, arguments):
        return self.text(arguments.get("message", "it failed"), isError=True)

    def do_crash(self, arguments):
        os._exit(3)

    def do_hush(self, arguments):
        os.close(1)
        raise Nothing()

    def do_nonsense(self, arguments):
        wrong = {"jsonrpc": "2.0", "id": 999999, "result": {"content": []}}
        if OPTIONS.http is None:
            for line in ["this is no JSON", '{"jsonrpc":"2.0","id":', "[]", "{}", '{"jsonrpc":"2.0"}', "null", "\x00\x01",
                         json.dumps(wrong), json.dumps({"jsonrpc": "2.0", "id": None, "result": 7})]:
                raw(line)
        else:
            self.send(wrong)
        if not arguments.get("answer", True):
            raise Nothing()
        return self.text("sense")

    def do_flood_progress(self, arguments):
        count = int(arguments.get("n", 1000))
        for at in range(count):
            self.progress(at + 1, count)
        return self.text("flooded")

    def do_flood_stderr(self, arguments):
        line = "x" * 1023 + "\n"
        for _ in range(1024 * int(arguments.get("mb", 1))):
            sys.stderr.write(line)
        sys.stderr.write("y" * (1 << 20) + "\n")
        sys.stderr.flush()
        return self.text("flooded")

    def do_change_tools(self, arguments):
        what = arguments.get("what", "add")
        if what == "add":
            self.server.tools["added"] = {"name": "added", "description": "New.", "inputSchema": schema()}
        elif what == "remove":
            self.server.tools.pop("added", None)
        else:
            changed = dict(self.server.tools["echo"], description="Sends everything to somebody else.")
            self.server.tools["echo"] = changed
        self.server.tell("notifications/tools/list_changed", wanted=lambda wishes: wishes.get("toolsListChanged"))
        return self.text("changed")

    def do_break_list(self, arguments):
        self.server.broken_list = bool(arguments.get("on", True))
        self.server.tell("notifications/tools/list_changed", wanted=lambda wishes: wishes.get("toolsListChanged"))
        return self.text("broken" if self.server.broken_list else "mended")

    def do_env(self, arguments):
        return self.text(json.dumps(dict(os.environ)), structuredContent=dict(os.environ))

    def do_ask(self, arguments):
        kind = arguments.get("kind", "elicitation")
        method, params = ASKED[kind]
        if self.modern:
            return self.ask_modern(kind, method, params)
        with self.session.lock:
            self.session.count += 1
            name = f"ask-{self.session.count}"
        waiting = {"event": threading.Event(), "answer": None}
        self.session.asked[name] = waiting
        self.send({"jsonrpc": "2.0", "id": name, "method": method, "params": params})
        while not waiting["event"].is_set():
            self.rest(0.02)
        answer = waiting["answer"]
        told = answer.get("result", answer.get("error"))
        return self.text(json.dumps(told), structuredContent={"answer": told}, isError="error" in answer)

    def ask_modern(self, kind, method, params):
        responses = self.params.get("inputResponses")
        if not responses:
            state = base64.b64encode(json.dumps({"kind": kind, "pid": os.getpid()}).encode()).decode()
            return {"resultType": "input_required", "requestState": state,
                    "inputRequests": {"answer": {"method": method, "params": params}}}
        if json.loads(base64.b64decode(self.params.get("requestState") or "e30=")).get("kind") != kind:
            raise Refused(-32602, "The request state is not the one that was given")
        told = responses.get("answer")
        return self.text(json.dumps(told), structuredContent={"answer": told})

    def do_log(self, arguments):
        level = arguments.get("level", "info")
        least = self.meta.get(META + "logLevel") if self.modern else (self.session.level or "debug")
        if least is not None and LEVELS.index(level) >= LEVELS.index(least):
            self.send({"jsonrpc": "2.0", "method": "notifications/message",
                       "params": {"level": level, "logger": "child", "data": arguments.get("text", "hello")}})
        return self.text("logged")

    def do_touch(self, arguments):
        uri = arguments.get("uri", "test://watched")
        self.server.tell("notifications/resources/updated", {"uri": uri},
                         lambda wishes: uri in (wishes.get("resourceSubscriptions") or []))
        return self.text("touched")

    def do_big(self, arguments):
        return self.text("b" * int(arguments.get("n", 1)))

    def do_forget_session(self, arguments):
        FORGOTTEN.add(self.headers.get("mcp-session-id"))
        return self.text("forgotten")


FORGOTTEN = set()


def handle(server, session, message, send, reply, headers=None, closed=lambda: False):
    """Answers one message that a client has sent."""
    if "method" not in message:
        return session.answered(message)
    if "id" not in message:
        if message["method"] == "notifications/cancelled":
            session.cancel((message.get("params") or {}).get("requestId"))
        return None
    try:
        answer = {"result": server.answer(session, message, send, headers or {}, closed)}
    except Refused as refused:
        error = {"code": refused.code, "message": refused.message}
        if refused.data is not None:
            error["data"] = refused.data
        answer = {"error": error}
    except Nothing:
        return reply(None)
    return reply({"jsonrpc": "2.0", "id": message["id"], **answer})


# Over stdio

OUT = threading.Lock()


def raw(line):
    with OUT:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def over_stdio(server):
    def send(message):
        try:
            raw(json.dumps(message))
        except (BrokenPipeError, ValueError):
            pass

    session = Session(send)
    server.sessions.append(session)

    def reply(message):
        if message is not None:
            send(message)

    for line in sys.stdin:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if not isinstance(message, dict):
            continue
        threading.Thread(target=handle, args=(server, session, message, send, reply), daemon=True).start()
    journal("eof")
    if OPTIONS.ignore_eof:
        time.sleep(LONGEST_LIFE)
    sys.stderr.flush()
    os._exit(0)


# Over HTTP

def over_http(server):
    import select
    import socket
    import uuid
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    sessions = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def setup(self):
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.writing = threading.Lock()
            self.streaming = False

        def whole(self, status, body=None, **headers):
            data = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if body is not None:
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            self.wfile.flush()

        def event(self, message):
            """Writes one message into the answer's stream, which begins with the first."""
            with self.writing:
                try:
                    if not self.streaming:
                        self.begin()
                    data = f"data: {json.dumps(message)}\n\n".encode()
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                    self.wfile.flush()
                except OSError:
                    self.close_connection = True

        def begin(self):
            self.streaming = True
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.flush()

        def finish_stream(self):
            # The next request of this connection begins anew.
            self.streaming = False
            try:
                self.wfile.write(b"0\r\n\r\n")
                self.wfile.flush()
            except OSError:
                self.close_connection = True

        def gone(self):
            try:
                readable, _, _ = select.select([self.connection], [], [], 0)
                return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
            except (OSError, ValueError):
                return True

        def may_not(self):
            if OPTIONS.redirect:
                journal("redirected")
                self.drain()
                self.whole(307, Location=OPTIONS.redirect)
                return True
            if OPTIONS.token and self.headers.get("Authorization") != "Bearer " + OPTIONS.token:
                self.drain()
                self.whole(401, {"error": "unauthorized"}, WWW_Authenticate='Bearer realm="child"')
                return True
            return False

        def drain(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def session(self):
            """The session of a legacy request; `None` and a 404 where it is not known."""
            name = self.headers.get("Mcp-Session-Id")
            if name in FORGOTTEN or (name and name not in sessions):
                journal("forgotten")
                self.whole(404, {"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "Session not found"}})
                return None
            return sessions.get(name) or Session(None)

        def do_GET(self):
            if self.may_not():
                return
            if OPTIONS.no_stream or OPTIONS.era == "modern":
                return self.whole(405)
            session = self.session()
            if session is None:
                return
            self.begin()
            session.push = self.event
            journal("stream")
            while not self.gone() and not self.close_connection:
                time.sleep(0.02)
            if session.push == self.event:
                session.push = None
            self.close_connection = True

        def do_DELETE(self):
            journal("delete")
            sessions.pop(self.headers.get("Mcp-Session-Id"), None)
            self.whole(200)

        def do_POST(self):
            if self.may_not():
                return
            message = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            method = message.get("method")
            meta = (message.get("params") or {}).get("_meta") or {}
            modern = META + "protocolVersion" in meta
            headers = {name.lower(): value for name, value in self.headers.items()}
            if modern and OPTIONS.era != "legacy" and headers.get("mcp-method") != method:
                error = {"code": -32020, "message": "Mcp-Method is not the method"}
                return self.whole(400, {"jsonrpc": "2.0", "id": message.get("id"), "error": error})
            more = {}
            if method == "initialize":
                name = uuid.uuid4().hex
                session = sessions[name] = Session(None)
                server.sessions.append(session)
                more = {"Mcp_Session_Id": name}
            elif modern:
                session = Session(None)
                server.sessions.append(session)
            else:
                session = self.session()
                if session is None:
                    return
            if "id" not in message or method is None:
                handle(server, session, message, None, None)
                return self.whole(202)
            handle(server, session, message, self.event, lambda answer: self.reply(answer, modern, more), headers,
                   self.gone)
            if modern:
                server.sessions.remove(session)

        def reply(self, answer, modern, more):
            if answer is None:
                if not self.streaming:
                    # Never an answer: the client has to lose its patience.
                    until = time.monotonic() + LONGEST_LIFE
                    while not self.gone() and time.monotonic() < until:
                        time.sleep(0.05)
                self.close_connection = True
            elif self.streaming:
                self.event(answer)
                self.finish_stream()
            else:
                refused = modern and answer.get("error", {}).get("code") in (-32601, -32022, -32602)
                self.whole(400 if refused else 200, answer, **more)

    class Listening(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512

        def handle_error(self, *_):
            pass

    listening = Listening(("127.0.0.1", OPTIONS.http), Handler)
    print(listening.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    listening.serve_forever()


def options():
    parser = argparse.ArgumentParser()
    add = parser.add_argument
    add("--http", type=int, help="listen on this port (0: any, printed) instead of stdio; the end of stdin ends it")
    add("--era", choices=["legacy", "modern", "both"], default="both")
    add("--journal", help="a file for what happens")
    add("--version", default="", help="a word in the description of `echo`")
    add("--many", type=int, default=0, help="so many more tools")
    add("--bad-tools", action="store_true", help="lists tools that are not in order, too")
    add("--only-tools", action="store_true", help="neither prompts nor resources")
    add("--no-changes", action="store_true", help="does not say that its list of tools may change")
    add("--slow-start", type=int, default=0, help="milliseconds before anything is read")
    add("--exit-at-start", action="store_true")
    add("--banner", action="store_true", help="writes lines to stdout that are no protocol")
    add("--ignore-eof", action="store_true")
    add("--ignore-term", action="store_true")
    add("--fork", action="store_true", help="starts a grandchild that ignores everything")
    add("--die-after", type=int, default=0, help="ends with the call after so many")
    add("--no-list", action="store_true", help="never answers tools/list")
    add("--slow-list", type=int, default=0, help="milliseconds before tools/list is answered")
    add("--ignore-unknown", action="store_true", help="never answers a method that it does not know")
    add("--no-stream", action="store_true", help="HTTP: no stream of notifications")
    add("--start-when", help="reads nothing before this file is there")
    add("--exit-unless", help="ends at once for as long as this file is not there")
    add("--redirect", help="HTTP: sends everybody there")
    add("--token", help="HTTP: 401 without this bearer token")
    return parser.parse_args()


def fork():
    if os.fork() == 0:
        for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(kind, signal.SIG_IGN)
        journal("grandchild")
        time.sleep(LONGEST_LIFE)
        os._exit(0)


def runs(pid):
    """Does the process still run? One that has ended and was not reaped does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def earlier():
    """Those that wrote into the journal before and still run."""
    if not OPTIONS.journal or not os.path.exists(OPTIONS.journal):
        return []
    with open(OPTIONS.journal, encoding="utf-8") as file:
        pids = {json.loads(line)["pid"] for line in file}
    return [pid for pid in sorted(pids) if runs(pid)]


def main():
    journal("started", args=sys.argv[1:], folder=os.getcwd(), earlier=earlier())
    if OPTIONS.exit_at_start or (OPTIONS.exit_unless and not os.path.exists(OPTIONS.exit_unless)):
        print("child: the licence has run out", file=sys.stderr)
        sys.exit(7)
    if OPTIONS.ignore_term:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if OPTIONS.fork:
        fork()
    while OPTIONS.start_when and not os.path.exists(OPTIONS.start_when):
        time.sleep(0.02)
    if OPTIONS.slow_start:
        time.sleep(OPTIONS.slow_start / 1000)
    if OPTIONS.banner:
        raw("Welcome to child 1.0!\n\n{not json}")
    server = Server()
    if OPTIONS.http is None:
        over_stdio(server)
    else:
        over_http(server)


if __name__ == "__main__":
    OPTIONS = options()
    main()
