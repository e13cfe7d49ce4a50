"""Blobs and blocks of the scripted Azure service."""
import base64
import binascii
import datetime
import email.utils
import itertools
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from support.azure_errors import BOM, Refusal
from support.checksums import content_crc64, content_md5
from support.http_server import Response

MIB = 1024 * 1024
OCTETS = "application/octet-stream"
_versions = itertools.count(0x1F00)
_TAG = re.compile(r"[A-Za-z0-9 +\-./:=_]*")


class Blob:
    def __init__(self, body, request, tags, md5, content_type, blocks=()):
        self.body, self.tags, self.md5, self.blocks = body, tags, md5, list(blocks)  # blocks: (id, bytes)
        self.etag = f'"0x8DD{next(_versions):011X}"'
        self.modified = datetime.datetime.now(datetime.timezone.utc)
        self.content_type = request.header("x-ms-blob-content-type", content_type)
        self.scope = request.header("x-ms-encryption-scope")
        self.metadata = {name.lower()[len("x-ms-meta-"):]: value for name, value in request.headers
                         if name.lower().startswith("x-ms-meta-")}

    def modified_text(self):
        return email.utils.format_datetime(self.modified, usegmt=True)

    def headers(self):
        """Without length and checksums."""
        found = [("ETag", self.etag), ("Last-Modified", self.modified_text()), ("Accept-Ranges", "bytes"),
                 ("x-ms-blob-type", "BlockBlob"), ("x-ms-server-encrypted", "true"), ("Content-Type", self.content_type)]
        found += [(f"x-ms-meta-{name}", value) for name, value in self.metadata.items()]
        if self.tags:
            found.append(("x-ms-tag-count", str(len(self.tags))))
        return found + ([("x-ms-encryption-scope", self.scope)] if self.scope else [])


def xml_response(text):
    return Response(200, [("Content-Type", "application/xml")],
                    BOM + f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode())


def not_found():
    return Refusal(404, "BlobNotFound", "The specified blob does not exist.")


def condition_not_met():
    return Refusal(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


class Blobs:
    """A part of ScriptedAzure: one container's operations get its blobs {name: Blob} and its staged blocks
    {name: {block id: (bytes, encryption scope)}}."""

    max_put_size = 5000 * MIB
    max_block_size = 4000 * MIB
    max_blocks = 50000

    # -- writing ---------------------------------------------------------------------------------

    def check_digests(self, request):
        md5, crc = request.header("content-md5"), request.header("x-ms-content-crc64")
        if md5 is not None and crc is not None:
            self.wrong(request, "both Content-MD5 and x-ms-content-crc64")
        if md5 is not None and md5 != content_md5(request.body):
            self.wrong(request, f"wrong Content-MD5 {md5}", 400, "Md5Mismatch")
        if crc is not None and crc != content_crc64(request.body):
            self.wrong(request, f"wrong x-ms-content-crc64 {crc}", 400, "Crc64Mismatch")
        return [("Content-MD5", content_md5(request.body))] if crc is None else [("x-ms-content-crc64", crc)]

    def _check_write(self, request, existing):
        none, match = request.header("if-none-match"), request.header("if-match")
        if none is not None and none != "*":
            self.wrong(request, f"If-None-Match: {none} on a write")
        if none == "*" and existing is not None:
            raise Refusal(409, "BlobAlreadyExists", "The specified blob already exists.")
        if match is not None and (existing is None or match not in ("*", existing.etag)):
            raise condition_not_met()
        for name in request.header_names():
            if name.startswith("x-ms-meta-") and not re.fullmatch(r"[a-z_][a-z0-9_]*", name[len("x-ms-meta-"):]):
                self.wrong(request, f"{name} is not an identifier", 400, "InvalidMetadata")

    def _tags(self, request):
        text = request.header("x-ms-tags", "")
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else []
        if len(pairs) > 10:
            self.wrong(request, f"{len(pairs)} tags", 400, "TagsTooLarge")
        if len(dict(pairs)) != len(pairs):
            self.wrong(request, "a tag twice", 400, "DuplicateTagNames")
        for name, value in pairs:
            if not (0 < len(name) <= 128 and len(value) <= 256 and _TAG.fullmatch(name) and _TAG.fullmatch(value)):
                self.wrong(request, f"the tag {name!r}={value!r}", 400, "InvalidTag")
        return dict(pairs)

    def _too_large(self, limit):
        return Refusal(413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible "
                       "limit.", f"<MaxLimit>{limit}</MaxLimit>")

    def _written(self, blob, digest):
        return Response(201, [("ETag", blob.etag), ("Last-Modified", blob.modified_text()),
                              ("x-ms-request-server-encrypted", "true"), *digest])

    def put_blob(self, blobs, staged, name, request):
        if request.header("x-ms-blob-type") != "BlockBlob":
            self.wrong(request, f"x-ms-blob-type: {request.header('x-ms-blob-type')}", 400, "InvalidHeaderValue")
        digest, tags = self.check_digests(request), self._tags(request)
        if len(request.body) > self.max_put_size:
            raise self._too_large(self.max_put_size)
        with self.lock:
            self._check_write(request, blobs.get(name))
            md5 = request.header("x-ms-blob-content-md5", content_md5(request.body))
            blobs[name] = Blob(request.body, request, tags, md5, request.header("content-type", OCTETS))
            staged.pop(name, None)
        return self._written(blobs[name], digest)

    def put_block(self, blobs, staged, name, request):
        digest = self.check_digests(request)
        block = request.query.get("blockid", "")
        try:
            size = len(base64.b64decode(block, validate=True))
        except binascii.Error:
            size = 0
        if not 0 < size <= 64:
            self.wrong(request, f"blockid {block!r}", 400, "InvalidQueryParameterValue")
        if not request.body:
            self.wrong(request, "an empty block", 400, "InvalidHeaderValue")
        if request.header("if-none-match") is not None or request.header("x-ms-tags") is not None:
            self.wrong(request, "Put Block takes neither conditions nor tags")
        if len(request.body) > self.max_block_size:
            raise self._too_large(self.max_block_size)
        with self.lock:
            blocks = staged.setdefault(name, {})
            others = [*blocks, *(known for known, _ in blobs[name].blocks)] if name in blobs else [*blocks]
            if any(len(known) != len(block) for known in others):
                self.wrong(request, "block ids of different lengths", 400, "InvalidBlobOrBlock")
            if len(blocks) >= 2 * self.max_blocks:
                raise Refusal(409, "BlockCountExceedsLimit", "The uncommitted block count cannot exceed the maximum "
                              "limit of 100,000 blocks.")
            blocks[block] = (request.body, request.header("x-ms-encryption-scope"))
        return Response(201, [("x-ms-request-server-encrypted", "true"), *digest])

    def put_block_list(self, blobs, staged, name, request):
        digest, tags = self.check_digests(request), self._tags(request)
        try:
            root = ElementTree.fromstring(request.body)
        except ElementTree.ParseError as error:
            self.wrong(request, f"not XML: {error}", 400, "InvalidXmlDocument")
        if root.tag != "BlockList" or any(entry.tag not in ("Latest", "Uncommitted", "Committed") for entry in root):
            self.wrong(request, "not a BlockList", 400, "InvalidXmlDocument")
        if len(root) > self.max_blocks:
            raise Refusal(400, "BlockListTooLong", "The block list may not contain more than 50,000 blocks.")
        with self.lock:
            self._check_write(request, blobs.get(name))
            waiting = staged.get(name, {})
            committed = dict(blobs[name].blocks) if name in blobs else {}
            blocks = []
            for entry in root:
                if entry.tag != "Committed" and entry.text in waiting:
                    content, scope = waiting[entry.text]
                    if scope != request.header("x-ms-encryption-scope"):
                        self.wrong(request, f"block of encryption scope {scope}", 409, "BlobEncryptionScopeMismatch")
                elif entry.tag != "Uncommitted" and entry.text in committed:
                    content = committed[entry.text]
                else:
                    raise Refusal(400, "InvalidBlockList", "The specified block list is invalid.")
                blocks.append((entry.text, content))
            body = b"".join(content for _, content in blocks)
            blobs[name] = Blob(body, request, tags, request.header("x-ms-blob-content-md5"), OCTETS, blocks)
            staged.pop(name, None)
        return self._written(blobs[name], digest)

    # -- reading ---------------------------------------------------------------------------------

    def get_block_list(self, blobs, staged, name, request):
        kinds = {"committed": blobs[name].blocks if name in blobs else [],
                 "uncommitted": [(block, content) for block, (content, _) in staged.get(name, {}).items()]}
        if name not in blobs and name not in staged:
            raise not_found()
        wanted = request.query.get("blocklisttype", "committed")
        text = "".join(f"<{kind.capitalize()}Blocks>" + "".join(
            f"<Block><Name>{escape(block)}</Name><Size>{len(content)}</Size></Block>" for block, content in found)
            + f"</{kind.capitalize()}Blocks>" for kind, found in kinds.items() if wanted in (kind, "all"))
        return xml_response(f"<BlockList>{text}</BlockList>")

    def get_blob(self, blobs, staged, name, request):
        if name not in blobs:
            raise not_found()
        found = blobs[name]
        if request.header("if-match", found.etag) not in ("*", found.etag):
            raise condition_not_met()
        if request.header("if-none-match") == found.etag:
            raise Refusal(304, "ConditionNotMet", "not modified")
        headers, body, status = found.headers(), found.body, 200
        wanted = request.header("x-ms-range", request.header("range"))
        if wanted is None or request.method == "HEAD":
            headers += [("Content-MD5", found.md5)] if found.md5 else []
        else:
            body, more = self._range(found, wanted, request)
            headers, status = headers + more, 206
        if request.method == "HEAD":
            return Response(200, [*headers, ("Content-Length", str(len(body)))])
        return Response(status, headers, body)

    def _range(self, found, wanted, request):
        """(the bytes, the headers that come with a part)"""
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            self.wrong(request, f"Range: {wanted}", 400, "InvalidHeaderValue")
        size = len(found.body)
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if first >= size:
            raise Refusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource.",
                          headers=[("Content-Range", f"bytes */{size}")])
        body = found.body[first:last + 1]
        headers = [("Content-Range", f"bytes {first}-{last}/{size}")]
        if found.md5:
            headers.append(("x-ms-blob-content-md5", found.md5))
        asked = [(name, digest) for name, digest in (("md5", content_md5), ("crc64", content_crc64))
                 if request.header(f"x-ms-range-get-content-{name}") == "true"]
        if len(asked) > 1 or (asked and len(body) > 4 * MIB):
            self.wrong(request, "one checksum of at most 4 MiB can be asked for", 400, "OutOfRangeInput")
        for name, digest in asked:
            headers.append(("Content-MD5" if name == "md5" else "x-ms-content-crc64", digest(body)))
        return body, headers

    def delete_blob(self, blobs, staged, name, request):
        with self.lock:
            if name not in blobs:
                raise not_found()
            if request.header("if-match", blobs[name].etag) not in ("*", blobs[name].etag):
                raise condition_not_met()
            del blobs[name]
        return Response(202, [("x-ms-delete-type-permanent", "true")])

    def get_blob_tags(self, blobs, staged, name, request):
        if name not in blobs:
            raise not_found()
        entries = "".join(f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>"
                          for key, value in blobs[name].tags.items())
        return xml_response(f"<Tags><TagSet>{entries}</TagSet></Tags>")
