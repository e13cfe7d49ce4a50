"""POST /batch/storage/v1 ("Sending batch requests"): up to 100 calls without media in one multipart/mixed request."""
import http
import re
import secrets
import time

from support.gcs_server.inserts import header_parameter
from support.gcs_server.refusals import JSON, Refusal, invalid, no_such_route
from support.gcs_server.wire import Body, Request, Response

MOST_CALLS = 100
_LARGEST = 10 * 1000 * 1000


class Batch:
    def __init__(self, json_api):
        self.json_api = json_api

    @staticmethod
    def form(_):
        return JSON

    def answer(self, request):
        if request.path != "/batch/storage/v1" or request.method != "POST" or request.query:
            raise no_such_route(request)
        kind = request.header("content-type", "")
        boundary = header_parameter(kind, "boundary")
        if kind.partition(";")[0] != "multipart/mixed" or not boundary:
            raise invalid("Failed to parse batch request, error: Content-Type must be multipart/mixed with a boundary.",
                          "badRequest")
        if request.body.length >= _LARGEST:
            raise Refusal(413, "uploadTooLarge", "The batch request is larger than 10 MB.")
        calls = [_parse(part, request) for part in _parts(request.body.read(), boundary.encode())]
        if len(calls) > MOST_CALLS:
            raise invalid(f"The batch request has {len(calls)} calls, which exceeds the limit of {MOST_CALLS}.", "badRequest")
        border, body = f"batch_{secrets.token_urlsafe(20)}", b""
        for label, call in calls:
            body += f"--{border}\r\nContent-Type: application/http\r\n".encode()
            if label:
                body += f"Content-ID: <response-{label}>\r\n".encode()
            response = self._one(call)
            request.notes.setdefault("calls", []).append([call.method, call.path, response.status])
            body += b"\r\n" + _serialize(response) + b"\r\n"
        return Response(200, [("Content-Type", f"multipart/mixed; boundary={border}")], body + f"--{border}--\r\n".encode())

    def _one(self, call):
        try:
            return self.json_api.answer(call)
        except Refusal as refusal:
            return refusal.response(JSON)


def _parts(body, boundary):
    delimiter = b"--" + boundary
    pieces = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if len(pieces) < 3 or pieces[0] or pieces[-1] not in (b"--", b"--\r\n") or not all(
            piece.startswith(b"\r\n") for piece in pieces[1:-1]):
        raise invalid("Failed to parse batch request, error: the parts are not between boundaries, or there is none.",
                      "badRequest")
    return [piece[2:] for piece in pieces[1:-1]]


def _headers(lines):
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _parse(part, outer):
    """(label, Request) of one part; the outer headers hold for it, except for those of the outer content."""
    def malformed(why):
        return invalid(f"Failed to parse batch request, error: {why}.", "badRequest")

    head, separator, call = part.decode("latin-1").partition("\r\n\r\n")
    headers = _headers(head.split("\r\n"))
    if not separator or headers.get("content-type") != "application/http":
        raise malformed("a part is not application/http")
    if set(headers) - {"content-type", "content-id", "content-transfer-encoding", "mime-version"}:
        raise malformed(f"a part has the headers {sorted(headers)}")
    label = headers.get("content-id")
    if label is not None and not re.fullmatch(r"<[^<>\s]+>", label):
        raise malformed(f"Content-ID {label} is not in angle brackets")
    start, _, rest = call.partition("\r\n")
    found = re.fullmatch(r"(DELETE|GET|PATCH|POST) (/storage/v1/\S+)(?: HTTP/1\.1)?", start)
    if not found:
        raise malformed(f"not a call: {start!r}")
    inner_head, _, content = rest.partition("\r\n\r\n")
    inner = {name: value for name, value in outer.headers.items() if not name.startswith("content-")}
    inner |= _headers(inner_head.split("\r\n"))
    if "authorization" in _headers(inner_head.split("\r\n")):
        raise malformed("a call has an authorization of its own")
    if content.strip("\r\n") or inner.get("content-length", "0") != "0":
        raise malformed("a call has a body")
    request = Request(found.group(1), found.group(2), inner, outer.port, outer.tls, Body(None, 0, False), time.time(),
                      caller=outer.caller)
    if request.parameter("alt") == "media":
        raise malformed("media cannot be downloaded in a batch")
    return label[1:-1] if label else None, request


def _serialize(response):
    head = f"HTTP/1.1 {response.status} {http.HTTPStatus(response.status).phrase}\r\n"
    headers = [*response.headers, ("Content-Length", str(len(response.body)))]
    return (head + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n").encode("latin-1") + response.body
