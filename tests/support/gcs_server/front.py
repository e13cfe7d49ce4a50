"""Sockets: a thread for each connection, kept alive; files leave by sendfile."""
import http
import os
import socket
import ssl
import threading
import time
import traceback

from support.gcs_server.wire import PIECE, Body, Disconnected, Malformed, Request, Response, Wire, parse, piece_buffer

_REASONS = {308: "Resume Incomplete", 499: "Client Closed Request"}  # Google's own meanings


class Front:
    """`service.answer(request) -> Response` and `service.finished(request, status, sent)` are called from the
    connections' threads, the latter before the answer leaves, with status 0 when there is none."""

    def __init__(self, service):
        self.service, self.listeners = service, []
        self.lock, self.sockets, self.stopping = threading.Lock(), set(), False

    def listen(self, name, tls=None):
        """Takes connections from now on, on a free port, which it returns. `tls` is an ssl.SSLContext."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.listeners.append(listener)
        threading.Thread(target=self._accept, args=(listener, name, tls), daemon=True).start()
        return listener.getsockname()[1]

    def close(self):
        self.stopping = True
        with self.lock:
            remaining = list(self.sockets)
        for connection in self.listeners + remaining:
            _hang_up(connection)

    def _accept(self, listener, name, tls):
        while not self.stopping:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(connection)
            threading.Thread(target=self._serve, args=(connection, name, tls), daemon=True).start()

    def _serve(self, raw, name, tls):
        connection = raw
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls:
                connection = tls.wrap_socket(raw, server_side=True)
                with self.lock:  # wrapping detaches the first one
                    self.sockets.discard(raw)
                    self.sockets.add(connection)
            wire = Wire(connection, tls)
            while self._exchange(wire, name, tls is not None):
                pass
        except (Disconnected, OSError):  # ssl.SSLError is an OSError: a client that does not trust us
            pass
        finally:
            _hang_up(connection)
            with self.lock:
                self.sockets.discard(connection)

    def _exchange(self, wire, name, tls):
        """One request; whether the connection lives on."""
        head = wire.head()
        if head is None:
            return False
        request = None
        try:
            request = parse(head, wire, name, tls)
            response = self.service.answer(request)
            unsent = request.body.expect and not request.body.received  # the client waits, and need not send it
            if not unsent:
                request.body.drain()
        except Malformed as trouble:
            request = request or trouble.request or Request("?", "/", {}, name, tls, Body(wire, 0, False), time.time())
            request.notes["refused"] = str(trouble)
            response, unsent = _page(trouble), True
        except (Disconnected, ConnectionError):
            if request:
                request.notes["cut"] = True
                self.service.finished(request, 0, 0)
            raise
        except Exception:  # a fault of this program must be seen
            request.notes["crashed"] = traceback.format_exc()
            traceback.print_exc()
            response, unsent = _page(Malformed(500, "the fake crashed: see its log")), True
        try:
            self.service.finished(request, response.status, response.length())
            closing = unsent or request.header("connection", "").lower() == "close"
            self._send(wire.connection, request, response, closing)
        finally:
            response.close()
        return not closing

    def _send(self, connection, request, response, closing):
        reason = _REASONS.get(response.status) or http.HTTPStatus(response.status).phrase
        headers = [*response.headers, ("Server", "UploadServer"), ("Date", _date())]
        if response.status not in (204, 304):
            headers.append(("Content-Length", str(response.length())))
        if closing:
            headers.append(("Connection", "close"))
        head = f"HTTP/1.1 {response.status} {reason}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers)
        head = (head + "\r\n").encode("latin-1")
        if request.method == "HEAD" or response.status in (204, 304):
            connection.sendall(head)
        elif response.spans is None:
            connection.sendall(head + response.body)
        else:
            connection.sendall(head)
            for span in response.spans:
                _send_file(connection, span)


def _page(trouble):
    text = f"<!DOCTYPE html>\n<title>Error {trouble.status}</title>\n<p><b>{trouble.status}.</b> {trouble}\n"
    return Response(trouble.status, [("Content-Type", "text/html; charset=UTF-8")], text.encode())


def _send_file(connection, span):
    offset, end = span.offset, span.offset + span.length
    if isinstance(connection, ssl.SSLSocket):
        buffer = piece_buffer()
        while offset < end:
            count = os.preadv(span.descriptor, [buffer[:min(PIECE, end - offset)]], offset)
            connection.sendall(buffer[:count])
            offset += count
    else:
        while offset < end:
            offset += os.sendfile(connection.fileno(), span.descriptor, offset, end - offset)


def _date():
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())


def _hang_up(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
