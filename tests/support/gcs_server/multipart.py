"""The XML API's multipart uploads ("XML API multipart uploads"). Preconditions are not supported there: Google answers
400 NotImplemented to them, at any step, so whoever must not overwrite has to look for himself.
"""
import dataclasses
import hashlib
import re
import secrets
import threading
import time
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from support.gcs_server.blobs import Blob, check_digests, declared_digests
from support.gcs_server.json_api import no_body
from support.gcs_server.refusals import Refusal, invalid
from support.gcs_server.tokens import permit
from support.gcs_server.wire import Response
from support.gcs_server.world import Attributes, Conditions, check_name
from support.gcs_server.xml_api import attributes_of, check_query

SMALLEST_PART = 5 << 20
MOST_PARTS = 10000
_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_CONDITION_HEADERS = ("x-goog-if-generation-match", "x-goog-if-metageneration-match", "if-match", "if-none-match",
                      "if-modified-since", "if-unmodified-since")


@dataclasses.dataclass
class Part:
    file: object
    etag: str
    time: float


@dataclasses.dataclass
class Upload:
    bucket: str
    name: str
    attributes: Attributes
    time: float
    parts: dict = dataclasses.field(default_factory=dict)  # number -> Part
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)


def _answer(root, content, headers=()):
    body = f"<?xml version='1.0' encoding='UTF-8'?><{root} xmlns='{_NAMESPACE}'>{content}</{root}>"
    return Response(200, [("Content-Type", "application/xml; charset=UTF-8"), *headers], body.encode())


def _moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def _number(request, name, default, most):
    text = request.parameter(name, str(default))
    if not re.fullmatch(r"\d{1,9}", text):
        raise invalid(f"Invalid value for {name}: {text}")
    return min(int(text), most)


class Multipart:
    def __init__(self, world):
        self.world, self.uploads, self.lock = world, {}, threading.Lock()

    def answer(self, request, bucket, name):
        for header in _CONDITION_HEADERS:
            if header in request.headers:
                raise Refusal(400, "notImplemented", f"Preconditions are not supported in multipart uploads: {header}",
                              code="NotImplemented", summary="A header you provided implies functionality that is not "
                              "implemented.")
        names = {key for key, _ in request.query}
        self.world.bucket(bucket)
        if "uploads" in names:
            if request.method == "GET" and name is None:
                return self._list_uploads(request, bucket)
            if request.method == "POST" and name is not None:
                return self._begin(request, bucket, name)
        elif name is not None:
            if request.method == "PUT":
                return self._put_part(request, bucket, name)
            if request.method == "POST":
                return self._complete(request, bucket, name)
            if request.method == "DELETE":
                return self._abort(request, bucket, name)
            if request.method == "GET":
                return self._list_parts(request, bucket, name)
        raise Refusal(405, "methodNotAllowed", "The specified method is not allowed against this resource.")

    def open_uploads(self, bucket):
        """(object's name, upload id) of those that were neither completed nor aborted, in the order of listings."""
        with self.lock:
            return sorted((upload.name, key) for key, upload in self.uploads.items() if upload.bucket == bucket)

    def forget(self, bucket):
        with self.lock:
            for key in [key for key, upload in self.uploads.items() if upload.bucket == bucket]:
                for part in self.uploads.pop(key).parts.values():
                    part.file.remove()

    def _find(self, request, bucket, name):
        upload = self.uploads.get(request.parameter("uploadId"))
        if not upload or (upload.bucket, upload.name) != (bucket, name):
            raise Refusal(404, "notFound", "The requested upload was not found.", code="NoSuchUpload",
                          summary="The specified multipart upload does not exist. The upload ID might be invalid, or the "
                          "multipart upload might have been aborted or completed.")
        return upload

    def _begin(self, request, bucket, name):
        check_query(request, {"uploads"})
        permit(self.world, request, "storage.multipartUploads.create", bucket, name)
        check_name(name)
        if request.parameter("uploads"):
            raise invalid("the parameter uploads has no value")
        no_body(request)
        key = secrets.token_urlsafe(60)
        with self.lock:
            self.uploads[key] = Upload(bucket, name, attributes_of(request), time.time())
        return _answer("InitiateMultipartUploadResult", f"<Bucket>{bucket}</Bucket><Key>{escape(name)}</Key>"
                       f"<UploadId>{key}</UploadId>")

    def _put_part(self, request, bucket, name):
        check_query(request, {"uploadId", "partNumber"})
        permit(self.world, request, "storage.multipartUploads.create", bucket, name)
        upload, number = self._find(request, bucket, name), request.parameter("partNumber", "")
        if not re.fullmatch(r"[1-9]\d{0,4}", number) or int(number) > MOST_PARTS:
            raise invalid(f"Part number must be an integer between 1 and {MOST_PARTS}, inclusive, not {number!r}.")
        declared = declared_digests(request)
        file = self.world.store.receive(request.body)
        try:
            check_digests(Blob([file]), declared)
            crc = Blob([file]).crc_text
            # Opaque, and on purpose not the MD5 that one could guess.
            part = Part(file, hashlib.sha256(f"{crc} {file.size} {secrets.token_hex(8)}".encode()).hexdigest()[:32],
                        time.time())
            with upload.lock:
                self._find(request, bucket, name)  # it may have been aborted meanwhile
                replaced = upload.parts.get(int(number))
                upload.parts[int(number)] = part
        except Exception:
            file.remove()
            raise
        if replaced:
            replaced.file.remove()
        return Response(200, [("ETag", f'"{part.etag}"'), ("x-goog-hash", f"crc32c={crc}")])

    def _complete(self, request, bucket, name):
        check_query(request, {"uploadId"})
        permit(self.world, request, "storage.multipartUploads.create", bucket, name)
        permit(self.world, request, "storage.objects.create", bucket, name)
        if name in self.world.bucket(bucket).objects:
            permit(self.world, request, "storage.objects.delete", bucket, name)
        upload, key = self._find(request, bucket, name), request.parameter("uploadId")
        listed = _listed_parts(request.body.read())
        with upload.lock:
            self._find(request, bucket, name)
            chosen = self._chosen(upload, listed)
            blob = Blob([part.file for part in chosen], with_md5=False)
            check_digests(blob, declared_digests(request))
            etag = hashlib.md5("".join(part.etag for part in chosen).encode()).hexdigest() + f"-{len(chosen)}"
            self.world.put(bucket, name, blob, upload.attributes, Conditions(), etag)
            with self.lock:
                del self.uploads[key]
            for part in upload.parts.values():
                if part not in chosen:
                    part.file.remove()
        location = f"{request.base}/{request.path.lstrip('/')}"
        return _answer("CompleteMultipartUploadResult", f"<Location>{escape(location)}</Location><Bucket>{bucket}</Bucket>"
                       f"<Key>{escape(name)}</Key><ETag>&quot;{etag}&quot;</ETag>",
                       [("x-goog-hash", f"crc32c={blob.crc_text}")])

    @staticmethod
    def _chosen(upload, listed):
        numbers = [number for number, _ in listed]
        if not numbers or len(numbers) > MOST_PARTS:
            raise Refusal(400, "invalid", f"{len(numbers)} parts are listed", code="InvalidArgument",
                          summary="You must specify at least one part, and at most 10000.")
        if any(left >= right for left, right in zip(numbers, numbers[1:])):
            raise Refusal(400, "invalid", f"the parts are listed as {numbers[:20]}", code="InvalidPartOrder",
                          summary="The list of parts was not in ascending order. Parts must be ordered by part number.")
        chosen = []
        for number, etag in listed:
            part = upload.parts.get(number)
            if not part or etag.strip('"') != part.etag:
                raise Refusal(400, "invalid", f"part {number} with the ETag {etag}", code="InvalidPart", summary="One or "
                              "more of the specified parts could not be found. The part may not have been uploaded, or the "
                              "specified entity tag may not match the part's entity tag.")
            chosen.append(part)
        for (number, _), part in zip(listed, chosen[:-1]):
            if part.file.size < SMALLEST_PART:
                raise Refusal(400, "invalid", f"part {number} has {part.file.size} bytes", code="EntityTooSmall",
                              summary="Your proposed upload is smaller than the minimum object size specified in your "
                              "policy.")
        return chosen

    def _abort(self, request, bucket, name):
        check_query(request, {"uploadId"})
        permit(self.world, request, "storage.multipartUploads.abort", bucket, name)
        no_body(request)
        upload = self._find(request, bucket, name)
        with upload.lock, self.lock:
            if not self.uploads.pop(request.parameter("uploadId"), None):
                return Response(204)
            for part in upload.parts.values():
                part.file.remove()
        return Response(204)

    def _list_uploads(self, request, bucket):
        check_query(request, {"uploads", "prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads"})
        permit(self.world, request, "storage.multipartUploads.list", bucket)
        no_body(request)
        prefix, delimiter = request.parameter("prefix", ""), request.parameter("delimiter", "")
        if delimiter:
            raise invalid("a delimiter is not something that we ask for")
        marker, id_marker = request.parameter("key-marker", ""), request.parameter("upload-id-marker", "")
        limit = min(_number(request, "max-uploads", 1000, 1000), self.world.bucket(bucket).page_size)
        # Without an upload-id-marker, uploads of the marker's own name are behind it.
        rest = [(name, key) for name, key in self.open_uploads(bucket) if name.startswith(prefix)
                and (name > marker or (id_marker and name == marker and key > id_marker))]
        page, cut = rest[:limit], len(rest) > limit
        content = (f"<Bucket>{bucket}</Bucket><KeyMarker>{escape(marker)}</KeyMarker><UploadIdMarker>{id_marker}"
                   f"</UploadIdMarker><Prefix>{escape(prefix)}</Prefix><MaxUploads>{limit}</MaxUploads>"
                   f"<IsTruncated>{str(cut).lower()}</IsTruncated>")
        if cut:
            content += (f"<NextKeyMarker>{escape(page[-1][0])}</NextKeyMarker>"
                        f"<NextUploadIdMarker>{page[-1][1]}</NextUploadIdMarker>")
        for name, key in page:
            upload = self.uploads.get(key)
            if upload:
                content += (f"<Upload><Key>{escape(name)}</Key><UploadId>{key}</UploadId><StorageClass>"
                            f"{upload.attributes.storage_class}</StorageClass><Initiated>{_moment(upload.time)}</Initiated>"
                            "</Upload>")
        return _answer("ListMultipartUploadsResult", content)

    def _list_parts(self, request, bucket, name):
        check_query(request, {"uploadId", "max-parts", "part-number-marker"})
        permit(self.world, request, "storage.multipartUploads.listParts", bucket, name)
        no_body(request)
        upload = self._find(request, bucket, name)
        limit, marker = _number(request, "max-parts", 1000, 1000), _number(request, "part-number-marker", 0, MOST_PARTS)
        with upload.lock:
            rest = sorted((number, part) for number, part in upload.parts.items() if number > marker)
        page, cut = rest[:limit], len(rest) > limit
        content = (f"<Bucket>{bucket}</Bucket><Key>{escape(name)}</Key><UploadId>{request.parameter('uploadId')}</UploadId>"
                   f"<StorageClass>STANDARD</StorageClass><PartNumberMarker>{marker}</PartNumberMarker><MaxParts>{limit}"
                   f"</MaxParts><IsTruncated>{str(cut).lower()}</IsTruncated>")
        if cut:
            content += f"<NextPartNumberMarker>{page[-1][0]}</NextPartNumberMarker>"
        for number, part in page:
            content += (f"<Part><PartNumber>{number}</PartNumber><LastModified>{_moment(part.time)}</LastModified>"
                        f"<ETag>&quot;{part.etag}&quot;</ETag><Size>{part.file.size}</Size></Part>")
        return _answer("ListPartsResult", content)


def _listed_parts(text):
    """[(number, ETag)] of a CompleteMultipartUpload document, with or without the namespace."""
    try:
        root = ElementTree.fromstring(text)
        assert root.tag.rpartition("}")[2] == "CompleteMultipartUpload"
        listed = []
        for part in root:
            assert part.tag.rpartition("}")[2] == "Part"
            values = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in part}
            assert set(values) == {"PartNumber", "ETag"}
            listed.append((int(values["PartNumber"]), values["ETag"]))
        return listed
    except (ElementTree.ParseError, AssertionError, ValueError):
        raise Refusal(400, "invalid", "expected CompleteMultipartUpload with Part elements of PartNumber and ETag",
                      code="MalformedCompleteMultipartUploadRequest", summary="The XML you provided was not well-formed or "
                      "did not validate against our published schema.") from None
