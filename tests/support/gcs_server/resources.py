"""How the JSON API shows objects: as resources and as media."""
import json
import re
import time
import urllib.parse

from support.gcs_server import fields
from support.gcs_server.refusals import invalid, range_not_satisfiable
from support.gcs_server.wire import Response

OBJECT_FIELDS = dict.fromkeys(
    ("kind", "id", "selfLink", "mediaLink", "name", "bucket", "generation", "metageneration", "contentType", "storageClass",
     "size", "md5Hash", "crc32c", "etag", "timeCreated", "updated", "timeStorageClassUpdated", "metadata", "kmsKeyName",
     "componentCount", "cacheControl", "contentEncoding", "contentDisposition", "contentLanguage", "timeFinalized",
     "timeDeleted", "temporaryHold", "eventBasedHold", "retentionExpirationTime", "customTime", "acl", "owner"))


def json_response(request, value, known=None, status=200, headers=()):
    if request.parameter("fields") is not None:
        value = fields.select(value, request.parameter("fields"), known)
    indent = None if request.parameter("prettyPrint") == "false" else 2
    return Response(status, [("Content-Type", "application/json; charset=UTF-8"), *headers],
                    json.dumps(value, indent=indent, ensure_ascii=False).encode())


def moment(seconds):
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1000):03d}Z"


def resource(request, stored):
    """An object as the JSON API shows it: numbers of 64 bits are text."""
    name, blob = urllib.parse.quote(stored.name, safe=""), stored.blob
    path = f"storage/v1/b/{stored.bucket}/o/{name}"
    found = {"kind": "storage#object", "id": f"{stored.bucket}/{stored.name}/{stored.generation}",
             "selfLink": f"{request.base}/{path}",
             "mediaLink": f"{request.base}/download/{path}?generation={stored.generation}&alt=media",
             "name": stored.name, "bucket": stored.bucket, "generation": str(stored.generation), "metageneration": "1",
             "contentType": stored.attributes.content_type, "storageClass": stored.attributes.storage_class,
             "size": str(blob.size), "crc32c": blob.crc_text, "etag": stored.json_etag}
    found |= dict.fromkeys(("timeCreated", "updated", "timeStorageClassUpdated", "timeFinalized"), moment(stored.created))
    # MD5 is computed when it is asked for: a selection without it saves the time.
    if blob.with_md5 and re.search(r"^$|md5Hash|\*|items$|items,", request.parameter("fields", "")):
        found["md5Hash"] = blob.md5_text
    if len(blob.files) > 1:
        found["componentCount"] = len(blob.files)
    if stored.attributes.metadata:
        found["metadata"] = stored.attributes.metadata
    if stored.attributes.kms_key:
        found["kmsKeyName"] = stored.attributes.kms_key + "/cryptoKeyVersions/1"
    return found


def media_headers(stored):
    return [("Content-Type", stored.attributes.content_type), ("ETag", stored.json_etag),
            ("X-Goog-Generation", str(stored.generation)), ("X-Goog-Metageneration", "1"),
            ("X-Goog-Hash", f"crc32c={stored.blob.crc_text}"), ("X-Goog-Storage-Class", stored.attributes.storage_class),
            ("X-Goog-Stored-Content-Encoding", "identity"), ("X-Goog-Stored-Content-Length", str(stored.blob.size)),
            ("Last-Modified", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(stored.created)))]


class Stretch:
    """What a Range header asks of an object; `call(size)` -> (first, count)."""

    def __init__(self, request):
        self.header, self.first, self.count = request.header("range"), 0, 0

    def __call__(self, size):
        self.first, self.count = 0, size
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.header or "")
        if not found or found.group(0) == "bytes=-":
            if self.header is not None:
                raise invalid(f"a Range that no client of ours should send: {self.header}")
            return self.first, self.count
        first, last = found.groups()
        if first == "":
            self.first = max(0, size - int(last))
            self.count = size - self.first
        else:
            self.first = int(first)
            self.count = min(int(last) if last else size - 1, size - 1) - self.first + 1
        if self.count <= 0:
            raise range_not_satisfiable(size)
        return self.first, self.count

    def response(self, stored, spans, headers):
        if self.header is None:
            return Response(200, headers, spans=spans)
        last = self.first + self.count - 1
        return Response(206, [*headers, ("Content-Range", f"bytes {self.first}-{last}/{stored.blob.size}")], spans=spans)
