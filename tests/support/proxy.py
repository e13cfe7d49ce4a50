"""Two proxies: FaultProxy stands in front of one store (the client takes it for the store) and breaks
what its rules say; ForwardProxy is what HTTP_PROXY and HTTPS_PROXY name.
"""
import socket
import threading
import urllib.parse

from support.http_server import Disconnected, HttpServer, Response, WireReader


def relay(address, start_line, headers, raw_body, method):
    """Sends one request as it came over a connection of its own and returns the Response."""
    with socket.create_connection(address, timeout=60) as upstream:
        upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = start_line + "\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        try:
            upstream.sendall(head.encode("latin-1"))
            upstream.sendall(raw_body)
        except OSError:
            pass  # the server may have answered, and closed, before it read all: the answer counts
        reader = WireReader(upstream)
        while True:
            answer = reader.head()
            if answer is None:
                raise Disconnected
            status = int(answer[0].split(" ")[1])
            if status >= 200:
                break
        response = Response(status, answer[1])
        if method == "HEAD" or status in (204, 304):
            return response
        if "chunked" in response.header("transfer-encoding", ""):
            response.body = reader.chunked()[0]
        elif response.header("content-length") is not None:
            response.body = reader.exactly(int(response.header("content-length")))
        else:
            response.body = reader.to_end()
        return response


class FaultProxy(HttpServer):
    """In front of `upstream` (http://host:port). The Host header is passed on as the client signed it."""

    def __init__(self, upstream, tls=None):
        super().__init__(tls)
        parts = urllib.parse.urlsplit(upstream)
        assert parts.scheme == "http", upstream
        self.upstream = (parts.hostname, parts.port)

    def answer(self, request):
        return relay(self.upstream, f"{request.method} {request.target} HTTP/1.1", request.headers, request.raw_body,
                     request.method)


class ForwardProxy(HttpServer):
    """Absolute-form requests are passed on; CONNECT opens a tunnel. Both are in `requests`.
    Everything goes to this host, whatever name was asked for: to the port that `route` gives for
    "name:port", or to the port asked for."""

    def __init__(self, route=None):
        super().__init__()
        self.route = route or {}

    def _port(self, authority):
        return self.route.get(authority) or int(authority.rpartition(":")[2])

    def answer(self, request):
        parts = urllib.parse.urlsplit(request.target)
        assert parts.scheme == "http", f"not an absolute-form request: {request}"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return relay(("127.0.0.1", self._port(parts.netloc)), f"{request.method} {path} HTTP/1.1", request.headers,
                     request.raw_body, request.method)

    def respond(self, exchange):
        if exchange.request.method != "CONNECT":
            super().respond(exchange)
            return
        port = self._port(exchange.request.target)
        try:
            upstream = socket.create_connection(("127.0.0.1", port))
        except OSError:
            exchange.request.body_complete = True
            exchange.send(Response(502))
            return
        with upstream:
            exchange.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            upstream.sendall(bytes(exchange.reader.buffer))
            back = threading.Thread(target=_pump, args=(upstream, exchange.connection), daemon=True)
            back.start()
            _pump(exchange.connection, upstream)
            back.join(5)
        exchange.close()


def _pump(source, destination):
    try:
        while piece := source.recv(65536):
            destination.sendall(piece)
        destination.shutdown(socket.SHUT_WR)
    except OSError:
        pass


_closed = []


def closed_port(port=0):
    """Connections to this loopback port, or to a free one, are refused until the process ends: it is bound, so that nobody
    else is given it meanwhile, and nobody listens. Returns the port."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server's connections may linger
    holder.bind(("127.0.0.1", port))
    _closed.append(holder)
    return holder.getsockname()[1]
