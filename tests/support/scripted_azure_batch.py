"""Blob Batch of the scripted Azure service: deletions, each with its own authorisation."""
import re

from support.azure_errors import REQUEST_ID, Refusal, error_response
from support.http_server import Request, Response

MAX_REQUESTS, MAX_BYTES = 256, 4 * 1024 * 1024


class Batch:
    """A part of ScriptedAzure. The parts of the answer come in the reverse order: Content-ID tells them apart."""

    def prepare_batch(self):
        self.batch_refusals = {}  # blob -> Refusal: what the deletion of this one in a batch leads to

    def blob_batch(self, container, request):
        """`container` is "" for a batch of the whole account."""
        kind = re.fullmatch(r'multipart/mixed; ?boundary="?([^"\s;]{1,70})"?', request.header("content-type", ""))
        if not kind:
            self.wrong(request, f"Content-Type {request.header('content-type')}", 400, "InvalidHeaderValue")
        if len(request.body) > MAX_BYTES:
            raise Refusal(413, "RequestBodyTooLarge", "The request body is too large.")
        parts = self._split(request, kind[1])
        if len(parts) > MAX_REQUESTS:
            raise Refusal(400, "ExceedsMaxBatchRequestCount", "The batch operation exceeds maximum number of allowed "
                          "subrequests.")
        if [number for number, _ in parts] != [*dict(parts)] or not parts:
            self.wrong(request, "no parts, or a Content-ID twice", 400, "InvalidInput")
        boundary = "batchresponse_66925647-d0cb-4109-b6d3-28efe3e1e5ed"
        text = b"".join(f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n".encode()
                        + self._one(container, part) + b"\r\n" for number, part in reversed(parts))
        return Response(202, [("Content-Type", f"multipart/mixed; boundary={boundary}")],
                        text + f"--{boundary}--\r\n".encode())

    def _split(self, request, boundary):
        """[(Content-ID, Request)]"""
        pieces = request.body.decode().split(f"--{boundary}")
        if len(pieces) < 2 or pieces[0].strip() or pieces[-1].strip() != "--":
            self.wrong(request, "the body does not begin and end with the boundary", 400, "InvalidInput")
        return [self._part(request, piece) for piece in pieces[1:-1]]

    def _part(self, request, piece):
        form = re.fullmatch(r"\r\n((?:[^:\r\n]+: .+\r\n)+)\r\n"
                            r"(DELETE) (/\S+) HTTP/1\.1\r\n((?:[^:\r\n]+: .+\r\n)*)(?:\r\n)+", piece)
        if not form:
            self.wrong(request, f"a part of another form: {piece!r}", 400, "InvalidInput")
        outer, headers = ([tuple(line.split(": ", 1)) for line in text.splitlines()] for text in (form[1], form[4]))
        named = {name.lower(): value for name, value in outer}
        if (named.get("content-type") != "application/http" or named.get("content-transfer-encoding") != "binary"
                or not named.get("content-id", "").isdigit()):
            self.wrong(request, f"a part with {outer}", 400, "InvalidInput")
        if any(name.lower() == "x-ms-version" for name, _ in headers):
            self.wrong(request, "x-ms-version in a part", 400, "InvalidInput")
        part = Request(form[2], form[3], [("Host", request.header("host")), *headers], tls=request.tls)
        return int(named["content-id"]), part

    def _one(self, scope, part):
        try:
            account, container, blob = self.address(part)
            if account != self.account or not blob or (scope and container != scope):
                self.wrong(part, f"not a blob of the container {scope}", 400, "InvalidInput")
            self.authorize(part, "DeleteBlob", container)
            if blob in self.batch_refusals:
                raise self.batch_refusals[blob]
            blobs, staged = self.container(container)
            response = self.delete_blob(blobs, staged, blob, part)
            reason = "Accepted"
        except Refusal as refusal:
            response = error_response(refusal.status, refusal.code, refusal.message, refusal.headers, refusal.extra)
            response = response.with_header("Content-Length", str(len(response.body)))
            reason = refusal.message
        response = response.with_header("x-ms-request-id", REQUEST_ID)
        head = f"HTTP/1.1 {response.status} {reason}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in response.headers)
        return f"{head}\r\n".encode() + response.body
