"""A threaded HTTP/1.1 server for tests that look at the bytes: it records every request as it came
(order and case of the headers, framing, Expect) and lets faults take over chosen exchanges.

Subclasses say what the answer is (a relay to another server, a scripted store); faults.py holds what
can go wrong on the way.
"""
import dataclasses
import math
import re
import select
import socket
import struct
import threading
import time
import traceback
import urllib.parse

REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 304: "Not Modified",
           400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 411: "Length Required",
           412: "Precondition Failed", 416: "Range Not Satisfiable", 429: "Too Many Requests",
           500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable"}


@dataclasses.dataclass
class Request:
    method: str
    target: str  # as sent: path and query, or an absolute URL
    headers: list  # (name, value) in order and case
    tls: bool = False
    body: bytes = b""  # decoded
    raw_body: bytes = b""  # as framed on the wire
    body_complete: bool = False
    chunked: bool = False
    trailers: list = dataclasses.field(default_factory=list)
    expect: bool = False
    time: float = 0.0

    @property
    def path(self):
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True))

    def header(self, name, default=None):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else default

    def header_names(self):
        return [name.lower() for name, _ in self.headers]

    def __str__(self):
        return f"{self.method} {self.target}"


@dataclasses.dataclass
class Response:
    status: int
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""

    def header(self, name, default=None):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else default

    def with_header(self, name, value):
        """A copy in which the header is replaced, or (None) removed."""
        kept = [(key, text) for key, text in self.headers if key.lower() != name.lower()]
        return Response(self.status, kept + ([(name, value)] if value is not None else []), self.body)


class Disconnected(Exception):
    """The peer went away in the middle of a message."""


class WireReader:
    """Lines and exact byte counts off a socket."""

    def __init__(self, connection):
        self.connection, self.buffer = connection, bytearray()

    def _fill(self):
        piece = self.connection.recv(262144)
        if not piece:
            raise Disconnected
        self.buffer += piece

    def line(self):
        while b"\n" not in self.buffer:
            self._fill()
        end = self.buffer.index(b"\n") + 1
        found = bytes(self.buffer[:end])
        del self.buffer[:end]
        return found

    def exactly(self, count, rate=None, pause=time.sleep):
        pieces, wanted = [], count
        while wanted:
            if not self.buffer:
                self._fill()
            piece = bytes(self.buffer[:min(wanted, rate // 20 or 1) if rate else wanted])
            del self.buffer[:len(piece)]
            pieces.append(piece)
            wanted -= len(piece)
            if rate:
                pause(len(piece) / rate)
        return b"".join(pieces)

    def to_end(self):
        try:
            while True:
                self._fill()
        except Disconnected:
            found = bytes(self.buffer)
            self.buffer.clear()
            return found

    def head(self):
        """(start line, headers), or None when the peer is done."""
        try:
            start = self.line().decode("latin-1").rstrip("\r\n")
        except Disconnected:
            return None
        return start, self.headers()

    def headers(self):
        found = []
        while True:
            line = self.line().decode("latin-1").rstrip("\r\n")
            if not line:
                return found
            name, _, value = line.partition(":")
            found.append((name, value.strip()))

    def chunked(self):
        """(decoded, raw, trailers)"""
        decoded, raw = [], []
        while True:
            raw.append(self.line())
            size = int(raw[-1].split(b";")[0], 16)
            if size == 0:
                trailers = self.headers()
                raw.append("".join(f"{name}: {value}\r\n" for name, value in trailers).encode("latin-1") + b"\r\n")
                return b"".join(decoded), b"".join(raw), trailers
            decoded.append(self.exactly(size))
            raw += [decoded[-1], self.line()]


class Exchange:
    """One request, and the means to answer it, well or badly."""

    def __init__(self, server, connection, reader, request):
        self.server, self.connection, self.reader, self.request = server, connection, reader, request
        self.open = True

    def read_body(self, limit=None, rate=None):
        """Reads the request's body; with a limit, at most so many bytes of it."""
        request = self.request
        if request.body_complete:
            return
        if request.expect:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if request.chunked:
            request.body, request.raw_body, request.trailers = self.reader.chunked()
        else:
            length = int(request.header("content-length", "0"))
            request.body = self.reader.exactly(length if limit is None else min(limit, length), rate, self._pause)
            request.raw_body = request.body
            if limit is not None and limit < length:
                return
        request.body_complete = True

    def answer(self):
        """What the server would say if nothing went wrong."""
        self.read_body()
        return self.server.answer(self.request)

    def send(self, response, body=None, content_length=None, rate=None):
        """Sends the response; `body` and `content_length` replace the true ones."""
        sent = response.body if body is None else body
        headers = [(name, value) for name, value in response.headers
                   if name.lower() not in ("content-length", "transfer-encoding", "connection")]
        if content_length is None:
            content_length = len(response.body)
            if self.request.method == "HEAD":
                content_length = response.header("content-length", content_length)
        headers.append(("Content-Length", str(content_length)))
        head = f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        if self.request.method == "HEAD" or response.status in (204, 304):
            sent = b""
        if rate is None:
            self.connection.sendall(head.encode("latin-1") + sent)
            return
        self.connection.sendall(head.encode("latin-1"))
        step = max(1, rate // 20)
        for start in range(0, len(sent), step):
            self.connection.sendall(sent[start:start + step])
            self._pause(min(step, len(sent) - start) / rate)

    def _pause(self, seconds):
        if self.server.stopping.wait(seconds):
            raise Disconnected

    def wait(self, seconds):
        """Nothing moves for so long, or until the client hangs up or the server is stopped."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.server.stopping.is_set():
            ready, _, _ = select.select([self.connection], [], [], 0.05)
            if ready:
                try:
                    if not self.connection.recv(65536):
                        return
                except OSError:
                    return

    def close(self, reset=False):
        self.open = False
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        else:
            _hang_up(self.connection)


def _hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


class Rule:
    def __init__(self, fault, method, path, nth, times):
        self.fault, self.method, self.path = fault, method, re.compile(path)
        self.nth, self.times, self.seen = nth, times, 0

    def takes(self, request):
        if self.method and request.method not in self.method.split("|"):
            return False
        if not self.path.search(request.target):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class HttpServer:
    """Use as a context manager. `tls` is an ssl.SSLContext. `requests` is what came, in order;
    `problems` is what must not have happened."""

    host = "127.0.0.1"

    def __init__(self, tls=None):
        self.tls, self.requests, self.problems, self.rules = tls, [], [], []
        self.connections = 0
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.listener = socket.create_server((self.host, 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.threads, self.sockets = [], set()
        self.accepting = threading.Thread(target=self._accept, daemon=True)

    @property
    def endpoint(self):
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def inject(self, fault, method=None, path="", nth=1, times=math.inf):
        """Lets `fault` handle the nth matching request (method "PUT" or "GET|HEAD", regex on the
        target) and the times - 1 matching ones after it. The first rule that takes a request wins."""
        self.rules.append(Rule(fault, method, path, nth, times))

    def answer(self, request):
        raise NotImplementedError

    def seen(self, method=None, path=""):
        return [request for request in self.requests
                if (not method or request.method in method.split("|")) and re.search(path, request.target)]

    def __enter__(self):
        self.accepting.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        _hang_up(self.listener)
        with self.lock:
            remaining = list(self.sockets)
        for connection in remaining:
            _hang_up(connection)
        self.accepting.join(5)
        for thread in self.threads:
            thread.join(5)

    def _accept(self):
        while not self.stopping.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                self.sockets.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, raw):
        connection = raw
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self.tls.wrap_socket(raw, server_side=True)
            self._exchanges(connection)
        except (Disconnected, OSError):  # ssl.SSLError is an OSError: a client that does not trust us
            pass
        except Exception:
            self.problems.append(traceback.format_exc())
        finally:
            _hang_up(connection)
            with self.lock:
                self.sockets.discard(raw)

    def _exchanges(self, connection):
        reader = WireReader(connection)
        while (head := reader.head()) is not None:
            start, headers = head
            method, target, _ = start.split(" ", 2)
            request = Request(method, target, headers, tls=self.tls is not None, time=time.time())
            request.chunked = "chunked" in request.header("transfer-encoding", "")
            request.expect = "100-continue" in request.header("expect", "").lower()
            exchange = Exchange(self, connection, reader, request)
            with self.lock:
                self.requests.append(request)
                fault = next((rule.fault for rule in self.rules if rule.takes(request)), None)
            if fault:
                fault(exchange)
            else:
                self.respond(exchange)
            if not exchange.open or not request.body_complete or request.header("connection", "").lower() == "close":
                return

    def respond(self, exchange):
        exchange.send(exchange.answer())
