"""Multipart uploads of the scripted store."""
import hashlib
import uuid
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from support.http_server import Response
from support.scripted_objects import StoredObject, xml_response
from support.sigv4 import Refusal


class Uploads:
    min_part_size = 5 * 1024 * 1024
    max_parts = 10_000

    def check_parts(self, bodies):
        """For stores that demand more of the parts of an upload."""

    def check_completion(self, objects, key, request):
        """The condition on a completion."""
        self.check_condition(objects, key, request)

    def list_uploads(self, bucket):
        entries = "".join(f"<Upload><Key>{escape(upload['key'])}</Key><UploadId>{name}</UploadId></Upload>"
                          for name, upload in self.uploads.items() if upload["bucket"] == bucket)
        return xml_response("ListMultipartUploadsResult", f"<IsTruncated>false</IsTruncated>{entries}")

    def upload_request(self, bucket, objects, key, query, request):
        if request.method == "POST" and "uploads" in query:
            name = uuid.uuid4().hex
            self.uploads[name] = {"bucket": bucket, "key": key, "parts": {}, "request": request}
            return xml_response("InitiateMultipartUploadResult",
                                            f"<Bucket>{escape(bucket)}</Bucket><Key>{escape(key)}</Key>"
                                            f"<UploadId>{name}</UploadId>")
        name = query.get("uploadId")
        upload = self.uploads.get(name)
        if upload is None or upload["key"] != key:
            raise Refusal(404, "NoSuchUpload", "The specified upload does not exist.")
        if request.method == "PUT" and "partNumber" in query:
            if not 1 <= int(query["partNumber"]) <= self.max_parts:
                raise Refusal(400, "InvalidArgument", f"Part number must be between 1 and {self.max_parts}.")
            upload["parts"][int(query["partNumber"])] = request.body
            return Response(200, [("ETag", f'"{hashlib.md5(request.body).hexdigest()}"')])
        if request.method == "DELETE":
            del self.uploads[name]
            return Response(204)
        if request.method == "POST":
            return self._complete(name, upload, objects, key, request)
        return self._wrong(request, "not an operation on an upload", 405, "MethodNotAllowed")

    def _complete(self, name, upload, objects, key, request):
        listed = [(int(_text(part, "PartNumber")), _text(part, "ETag"))
                  for part in ElementTree.fromstring(request.body) if part.tag.rpartition("}")[2] == "Part"]
        if [number for number, _ in listed] != sorted(upload["parts"]):
            self._wrong(request, "the parts listed are not the parts uploaded", 400, "InvalidPart")
        bodies = [upload["parts"][number] for number, _ in listed]
        for body, (_, etag) in zip(bodies, listed):
            if etag.strip('"') != hashlib.md5(body).hexdigest():
                self._wrong(request, "wrong ETag of a part", 400, "InvalidPart")
        if any(len(body) < self.min_part_size for body in bodies[:-1]):
            self._wrong(request, "a part is too small", 400, "EntityTooSmall")
        if len({len(body) for body in bodies[:-1]}) > 1:
            self._wrong(request, "parts of different sizes")
        self.check_parts(bodies)
        with self.lock:
            self.check_completion(objects, key, request)
            objects[key] = StoredObject(b"".join(bodies), upload["request"])
            objects[key].etag = objects[key].etag[:-1] + f'-{len(bodies)}"'
            del self.uploads[name]
        return xml_response("CompleteMultipartUploadResult",
                                        f"<Key>{escape(key)}</Key><ETag>{escape(objects[key].etag)}</ETag>")


def _text(part, name):
    return next((child.text or "" for child in part if child.tag.rpartition("}")[2] == name), "")
