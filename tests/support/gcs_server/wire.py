"""HTTP/1.1 off a socket: requests with their bodies, which arrive in pieces of 1 MiB in a buffer that is used again.

No chunked requests: tapster always knows a body's length, so whatever lacks one is refused with 411.
"""
import dataclasses
import socket
import threading
import time
import urllib.parse

PIECE = 1 << 20
_LARGEST_HEAD = 64 * 1024


class Disconnected(Exception):
    """The peer went away in the middle of a message."""


class Malformed(Exception):
    """Not HTTP as we know it: answered in words, and the connection ends. `request` is as much as could be read."""

    def __init__(self, status, message, request=None):
        super().__init__(message)
        self.status, self.request = status, request


@dataclasses.dataclass
class Response:
    status: int
    headers: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    spans: list = None  # of blobs.Span: sent instead of `body`, and closed

    def length(self):
        return len(self.body) if self.spans is None else sum(span.length for span in self.spans)

    def close(self):
        for span in self.spans or []:
            span.close()


class Body:
    """A request's body, while it arrives."""

    def __init__(self, wire, length, expect):
        self.wire, self.length, self.expect = wire, length, expect
        self.received = 0

    def pieces(self):
        """Memoryviews of up to 1 MiB, each valid until the next one. A body that is cut short yields what came, and
        raises Disconnected."""
        if self.expect and not self.received and self.length:
            self.wire.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.expect = False
        buffer = piece_buffer()
        while self.received < self.length:
            wanted = min(PIECE, self.length - self.received)
            filled = self.wire.fill(buffer[:wanted])
            self.received += filled
            if filled:
                yield buffer[:filled]
            if filled < wanted:
                raise Disconnected

    def read(self, limit=16 << 20):
        """All of it, where it is known to be small."""
        if self.length > limit:
            raise Malformed(413, f"a body of {self.length} bytes where {limit} are the most")
        return b"".join(bytes(piece) for piece in self.pieces())

    def drain(self):
        for _ in self.pieces():
            pass


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict  # by lower-case name
    port: str  # the listener's name
    tls: bool
    body: Body = None
    time: float = 0.0
    notes: dict = dataclasses.field(default_factory=dict)  # for the journal
    caller: object = None  # tokens.Caller, once it is known

    def __post_init__(self):
        self.path, _, self.query_text = self.target.partition("?")
        try:
            self.query = urllib.parse.parse_qsl(self.query_text, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            raise Malformed(400, "the query is not UTF-8") from None

    def header(self, name, default=None):
        return self.headers.get(name, default)

    def parameter(self, name, default=None):
        return next((value for key, value in self.query if key == name), default)

    @property
    def base(self):
        """The address under which the client sees this server."""
        return f"{'https' if self.tls else 'http'}://{self.header('host')}"


_local = threading.local()


def piece_buffer():
    if not hasattr(_local, "buffer"):
        _local.buffer = memoryview(bytearray(PIECE))
    return _local.buffer


class Wire:
    """A connection and what was read of it too early."""

    def __init__(self, connection, tls):
        self.connection, self.left = connection, bytearray()
        self.flags = 0 if tls else socket.MSG_WAITALL  # a TLS socket takes none

    def head(self):
        """The bytes up to the empty line, or None when the peer is done."""
        while (end := self.left.find(b"\r\n\r\n")) < 0:
            if len(self.left) > _LARGEST_HEAD:
                raise Malformed(431, "the request's head is too large")
            piece = self.connection.recv(65536)
            if not piece:
                if self.left:
                    raise Disconnected
                return None
            self.left += piece
        found = bytes(self.left[:end])
        del self.left[:end + 4]
        return found

    def fill(self, view):
        """Fills it, unless the peer hangs up before; returns the count."""
        filled = min(len(self.left), len(view))
        view[:filled] = self.left[:filled]
        del self.left[:filled]
        try:
            while filled < len(view):
                count = self.connection.recv_into(view[filled:], len(view) - filled, self.flags)
                if not count:
                    break
                filled += count
        except OSError:
            pass  # a reset: what came before it counts
        return filled


def parse(head, wire, port, tls):
    """The Request whose head this is; raises Malformed."""
    lines = head.decode("latin-1").split("\r\n")
    start = lines[0].split(" ")
    if len(start) != 3 or start[2] != "HTTP/1.1" or not start[1].startswith("/"):
        raise Malformed(400, f"not a request line: {lines[0]!r}")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or name != name.strip():
            raise Malformed(400, f"not a header: {line!r}")
        if name in headers and name in ("content-length", "host", "authorization", "content-type", "content-range"):
            raise Malformed(400, f"the header {name} is there twice")
        headers[name] = f"{headers[name]}, {value.strip()}" if name in headers else value.strip()
    request = Request(start[0], start[1], headers, port, tls, Body(wire, 0, False), time.time())
    if "host" not in headers:
        raise Malformed(400, "no Host header", request)
    length = headers.get("content-length")
    if "transfer-encoding" in headers or (length is None and request.method in ("POST", "PUT", "PATCH")):
        raise Malformed(411, f"{request.method} requests require a Content-length header.", request)
    if length is not None and (not length.isascii() or not length.isdigit()):
        raise Malformed(400, f"Content-Length: {length}", request)
    request.body = Body(wire, int(length or 0), headers.get("expect", "").lower() == "100-continue")
    return request
