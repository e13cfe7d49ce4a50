"""objects.insert: uploadType=media and uploadType=multipart ("Uploads and downloads", JSON API)."""
import email.message
import mmap
import re

from support.gcs_server.blobs import Blob, check_digests, declared_digests
from support.gcs_server.json_api import CONDITIONS, check_parameters, parse_json, unquote
from support.gcs_server.refusals import JSON, invalid, no_such_route, required
from support.gcs_server.resources import OBJECT_FIELDS, json_response, resource
from support.gcs_server.tokens import permit
from support.gcs_server.world import Attributes, Conditions, check_name

_ROUTE = re.compile(r"/upload/storage/v1/b/([^/]+)/o")
_PARAMETERS = CONDITIONS | {"uploadType", "name", "kmsKeyName", "projection"}
_METADATA = {"name", "bucket", "contentType", "metadata", "storageClass", "crc32c", "md5Hash"}
_LARGEST_METADATA = 64 * 1024


def header_parameter(value, name):
    message = email.message.Message()
    message["Content-Type"] = value
    return message.get_param(name)


class Insertion:
    """An object that is to be made: its name, attributes, conditions and what the client says of its digests."""

    def __init__(self, request, bucket, metadata, content_type):
        unknown = set(metadata) - _METADATA
        if unknown:
            raise invalid(f"the object's metadata has fields that no client of ours should send: {sorted(unknown)}")
        for field, value in metadata.items():
            if not isinstance(value, dict if field == "metadata" else str):
                raise invalid(f"the object's {field} is not of its type: {value!r}")
        names = {value for value in (request.parameter("name"), metadata.get("name")) if value is not None}
        if not names:
            raise required("name")
        if len(names) > 1 or metadata.get("bucket", bucket) != bucket:
            raise invalid("the URL and the metadata name different objects")
        custom = metadata.get("metadata", {})
        if not all(isinstance(value, str) for value in custom.values()):
            raise invalid("metadata must be a map of texts")
        self.bucket, self.name = bucket, names.pop()
        check_name(self.name)
        content_type = metadata.get("contentType") or content_type or "application/octet-stream"
        self.attributes = Attributes(content_type, custom, request.parameter("kmsKeyName"),
                                     metadata.get("storageClass", "STANDARD")).check()
        self.conditions = Conditions.of(request.parameter)
        self.digests = {key: metadata[field] for key, field in (("crc32c", "crc32c"), ("md5", "md5Hash"))
                        if field in metadata}

    def permit(self, world, request):
        permit(world, request, "storage.objects.create", self.bucket, self.name)
        if self.name in world.bucket(self.bucket).objects:
            permit(world, request, "storage.objects.delete", self.bucket, self.name)

    def put(self, world, blob, digests):
        check_digests(blob, self.digests)
        check_digests(blob, digests)
        return world.put(self.bucket, self.name, blob, self.attributes, self.conditions)


class Inserts:
    def __init__(self, world, resumable):
        self.world, self.resumable = world, resumable

    @staticmethod
    def form(_):
        return JSON

    def answer(self, request):
        found = _ROUTE.fullmatch(request.path)
        if not found:
            raise no_such_route(request)
        bucket, kind = unquote(found.group(1)), request.parameter("uploadType")
        if kind == "resumable":
            return self.resumable.answer(request, bucket, _PARAMETERS)
        if request.method != "POST":
            raise no_such_route(request)
        check_parameters(request, _PARAMETERS)
        if kind == "media":
            return self._media(request, bucket)
        if kind == "multipart":
            return self._multipart(request, bucket)
        raise invalid(f"Upload type not supported: {kind}", "invalidParameter", "uploadType")

    def _media(self, request, bucket):
        insertion = Insertion(request, bucket, {}, request.header("content-type"))
        insertion.permit(self.world, request)
        file = self.world.store.receive(request.body)
        return self._finish(request, insertion, file)

    def _finish(self, request, insertion, file):
        try:
            stored = insertion.put(self.world, Blob([file]), declared_digests(request))
        except Exception:
            file.remove()
            raise
        return json_response(request, resource(request, stored), OBJECT_FIELDS, headers=[("ETag", stored.json_etag)])

    def _multipart(self, request, bucket):
        kind = request.header("content-type", "")
        boundary = header_parameter(kind, "boundary")
        if not kind.startswith("multipart/related;") or not boundary:
            raise invalid("Invalid multipart request: Content-Type must be multipart/related with a boundary", "badContent")
        permit(self.world, request, "storage.objects.create", bucket)
        self.world.bucket(bucket)
        if not request.body.length:
            raise invalid("Malformed multipart body.", "badContent")
        file = self.world.store.receive(request.body)
        try:
            metadata, content_type, start, size = _split(file, boundary.encode())
            file.narrow(start, size)
            insertion = Insertion(request, bucket, metadata, content_type)
            insertion.permit(self.world, request)
        except Exception:
            file.remove()
            raise
        return self._finish(request, insertion, file)


def _split(file, boundary):
    """(metadata, type, start, size of the media): of exactly two parts, as RFC 2387 has them."""
    def malformed(why):
        return invalid(f"Malformed multipart body: {why}.", "badContent")

    with open(file.path, "rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as body:
        first, delimiter = b"--" + boundary + b"\r\n", b"\r\n--" + boundary
        if body[:len(first)] != first:
            raise malformed("it does not begin with the boundary")
        middle = body.find(delimiter, len(first))
        if not 0 <= middle <= _LARGEST_METADATA:
            raise malformed("no second part")
        headers, metadata = _part(body[len(first):middle])
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            raise malformed("the first part is not application/json")
        head_end = body.find(b"\r\n\r\n", middle, middle + len(delimiter) + _LARGEST_METADATA)
        if head_end < 0 or body[middle + len(delimiter):middle + len(delimiter) + 2] != b"\r\n":
            raise malformed("the second part has no headers")
        headers, _ = _part(body[middle + len(delimiter) + 2:head_end + 4])
        if set(headers) - {"content-type", "content-transfer-encoding", "mime-version"} or "content-type" not in headers:
            raise malformed(f"the headers of the second part are {sorted(headers)}")
        start = head_end + 4
        end = body.find(delimiter, start)
        # Also media of no bytes: their delimiter follows the headers at once.
        if end < 0 or body[end:] not in (delimiter + b"--", delimiter + b"--\r\n"):
            raise malformed("it does not end with the boundary, or the media contain it")
        return parse_json(metadata), headers["content-type"], start, end - start


def _part(text):
    head, _, content = text.partition(b"\r\n\r\n")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return headers, content
