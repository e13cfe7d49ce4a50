"""A small S3 store in the test's own process: objects in memory, switches for the ways in which stores
differ, and no patience. Whatever no client of ours should ever send is refused and also put down in
`problems`, which fails the test (see the `strict` fixtures).
"""
import base64
import datetime
import email.utils
import re
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from support import checksums, sigv4
from support.faults import REQUEST_ID, error_response
from support.http_server import HttpServer, Response
from support.scripted_objects import StoredObject, xml_response
from support.scripted_uploads import Uploads
from support.sigv4 import Refusal

ACCESS_KEY, SECRET_KEY = "AKIDSCRIPTED", "wJalrXUtnFEMI/K7MDENG+scripted"


class ScriptedS3(HttpServer, Uploads):
    def __init__(self, tls=None, base_host="localhost"):
        super().__init__(tls)
        self.base_host = base_host
        self.buckets = {}  # name -> {key: StoredObject}
        self.uploads = {}
        self.access_key, self.secret_key = ACCESS_KEY, SECRET_KEY
        self.session_token = None  # demanded when set
        self.region = None  # demanded when set
        self.region_answer = "malformed"  # or "redirect": how a wrong region is refused
        self.conditional = "honoured"  # "ignored", "refused" (501)
        self.checksum_refusal = None  # a code: x-amz-checksum-* headers are refused with it
        self.returned_checksum = None  # (algorithm, value): a lie told on downloads
        self.clock_ahead = 0  # seconds
        self.page_size = 1000
        self.styles = ("path", "virtual")

    # -- what every request must be ------------------------------------------------------------

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.clock_ahead)

    def answer(self, request):
        try:
            self._check_framing(request)
            self._check_signature(request)
            self._check_digests(request)
            response = self._dispatch(request)
        except Refusal as refusal:
            response = error_response(refusal.status, refusal.code, refusal.message, refusal.headers, refusal.extra)
        response = response.with_header("Date", email.utils.format_datetime(self.now(), usegmt=True))
        return response.with_header("x-amz-request-id", REQUEST_ID)

    def _wrong(self, request, what, status=400, code="InvalidRequest"):
        self.problems.append(f"{request}: {what}")
        raise Refusal(status, code, what)

    def _check_framing(self, request):
        names = request.header_names()
        if len(set(names)) != len(names):
            self._wrong(request, f"a header twice: {names}")
        if request.chunked or request.trailers or "x-amz-trailer" in names:
            self._wrong(request, "chunked transfer, or a trailer", 411, "MissingContentLength")
        if "aws-chunked" in request.header("content-encoding", "") or "x-amz-decoded-content-length" in names:
            self._wrong(request, "aws-chunked", 400, "XAmzContentSHA256Mismatch")
        if request.expect:
            self._wrong(request, "Expect: 100-continue")
        if request.method in ("PUT", "POST") and not re.fullmatch(r"\d+", request.header("content-length", "")):
            self._wrong(request, "no Content-Length", 411, "MissingContentLength")
        if request.method in ("GET", "HEAD", "DELETE") and request.body:
            self._wrong(request, "a body where none belongs")

    def _check_signature(self, request):
        if self.session_token is not None and request.header("x-amz-security-token") != self.session_token:
            raise Refusal(403, "InvalidToken", "the session token is missing or wrong")
        try:
            region = sigv4.verify(request, self.access_key, self.secret_key, self.now())
        except Refusal as refusal:
            if refusal.code in ("SignatureDoesNotMatch", "XAmzContentSHA256Mismatch", "AuthorizationHeaderMalformed"):
                self.problems.append(f"{request}: {refusal} {refusal.extra}")
            raise
        if request.header("x-amz-content-sha256") == sigv4.UNSIGNED and not request.tls:
            self._wrong(request, "UNSIGNED-PAYLOAD without TLS")
        if self.region and region != self.region:
            if self.region_answer == "redirect":
                raise Refusal(301, "PermanentRedirect", "use the right endpoint",
                              headers=[("x-amz-bucket-region", self.region)])
            raise Refusal(400, "AuthorizationHeaderMalformed", f"the region '{region}' is wrong; expecting "
                          f"'{self.region}'", extra=f"<Region>{self.region}</Region>")

    def _check_digests(self, request):
        given = [(name.lower()[len("x-amz-checksum-"):], value) for name, value in request.headers
                 if name.lower().startswith("x-amz-checksum-") and name.lower() not in
                 ("x-amz-checksum-mode", "x-amz-checksum-algorithm", "x-amz-checksum-type")]
        if self.checksum_refusal and (given or request.header("x-amz-sdk-checksum-algorithm")
                                      or request.header("x-amz-checksum-algorithm")):
            status = 501 if self.checksum_refusal == "NotImplemented" else 400
            raise Refusal(status, self.checksum_refusal, "a header you provided implies functionality that is not "
                          "implemented")
        for algorithm, value in given:
            if "uploadId" in request.query and request.method == "POST":
                continue  # the checksum of the whole object, not of this body
            if value != checksums.checksum(algorithm, request.body):
                self._wrong(request, f"wrong {algorithm} {value}", 400, "BadDigest")
        md5 = request.header("content-md5")
        if md5 is not None and md5 != checksums.content_md5(request.body):
            self._wrong(request, "wrong Content-MD5", 400, "BadDigest")

    # -- operations ----------------------------------------------------------------------------

    def _address(self, request):
        """(bucket, key) of path style or virtual-host style."""
        host = request.header("host", "").rpartition(":")[0] or request.header("host", "")
        path = urllib.parse.unquote(request.path)[1:]
        if host.endswith("." + self.base_host):
            style, bucket, key = "virtual", host[:-len(self.base_host) - 1], path
        else:
            style = "path"
            bucket, _, key = path.partition("/")
        if style not in self.styles:
            raise Refusal(400, "InvalidRequest", f"{style} addressing is not supported here")
        return bucket, key

    def _dispatch(self, request):
        bucket, key = self._address(request)
        if not bucket:
            self._wrong(request, "no bucket")
        if request.method == "PUT" and not key:
            return self._create_bucket(bucket, request)
        if bucket not in self.buckets:
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist",
                          extra=f"<BucketName>{escape(bucket)}</BucketName>")
        objects, query = self.buckets[bucket], request.query
        if not key:
            if request.method == "HEAD":
                return Response(200, [("x-amz-bucket-region", self.region or "us-east-1")])
            if request.method == "GET" and query.get("list-type") == "2":
                return self._list(bucket, objects, query, request)
            if request.method == "GET" and "uploads" in query:
                return self.list_uploads(bucket)
            if request.method == "POST" and "delete" in query:
                return self._delete_many(objects, request)
        elif "uploads" in query or "uploadId" in query:
            return self.upload_request(bucket, objects, key, query, request)
        elif request.method == "PUT" and not query:
            return self._put(objects, key, request)
        elif request.method == "PUT" and "tagging" in query:
            return self._tag(objects, key, request)
        elif request.method in ("GET", "HEAD"):
            return self._get(objects, key, request)
        elif request.method == "DELETE":
            objects.pop(key, None)
            return Response(204)
        return self._wrong(request, "not an operation", 405, "MethodNotAllowed")

    def _create_bucket(self, bucket, request):
        if bucket in self.buckets:
            raise Refusal(409, "BucketAlreadyOwnedByYou", "it is yours")
        if request.body:
            constraint = ElementTree.fromstring(request.body)
            if not constraint.tag.endswith("CreateBucketConfiguration"):
                self._wrong(request, "not a CreateBucketConfiguration", 400, "MalformedXML")
        self.buckets[bucket] = {}
        return Response(200)

    def check_condition(self, objects, key, request):
        condition = request.header("if-none-match")
        if condition is None or self.conditional == "ignored":
            return
        if condition != "*":
            self._wrong(request, f"If-None-Match: {condition} on a write")
        if self.conditional == "refused":
            raise Refusal(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
        if key in objects:
            raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
                          extra="<Condition>If-None-Match</Condition>")

    def _put(self, objects, key, request):
        with self.lock:
            self.check_condition(objects, key, request)
            objects[key] = StoredObject(request.body, request)
        return Response(200, [("ETag", objects[key].etag)])

    def _tag(self, objects, key, request):
        if key not in objects:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.", extra=f"<Key>{escape(key)}</Key>")
        texts = [node.text or "" for node in ElementTree.fromstring(request.body).iter()
                 if node.tag.rpartition("}")[2] in ("Key", "Value")]
        objects[key].headers["x-amz-tagging"] = urllib.parse.urlencode(list(zip(texts[::2], texts[1::2])))
        return Response(200)

    def _get(self, objects, key, request):
        if key not in objects:
            raise Refusal(404, "NoSuchKey", "The specified key does not exist.", extra=f"<Key>{escape(key)}</Key>")
        found = objects[key]
        if request.header("if-match", found.etag).strip('"') != found.etag.strip('"'):
            raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        headers = [("ETag", found.etag), ("Accept-Ranges", "bytes"),
                   ("Last-Modified", email.utils.format_datetime(found.modified, usegmt=True))]
        headers += [(name, value) for name, value in found.headers.items()
                    if not name.startswith("x-amz-checksum-") and name != "x-amz-tagging"]
        body, status = found.body, 200
        if (wanted := request.header("range")) is not None:
            match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
            if not match:
                self._wrong(request, f"Range: {wanted}")
            first, last = int(match[1]), min(int(match[2] or len(body)), len(body) - 1)
            if first >= len(body):
                raise Refusal(416, "InvalidRange", "The requested range is not satisfiable")
            headers.append(("Content-Range", f"bytes {first}-{last}/{len(body)}"))
            body, status = body[first:last + 1], 206
        elif request.header("x-amz-checksum-mode") == "ENABLED":
            headers += self._returned_checksums(found)
        if request.method == "HEAD":
            headers.append(("Content-Length", str(len(body))))
            body = b""
        return Response(status, headers, body)

    def _returned_checksums(self, found):
        if self.returned_checksum:
            algorithm, value = self.returned_checksum
            return [(f"x-amz-checksum-{algorithm}", value), ("x-amz-checksum-type", "FULL_OBJECT")]
        kept = [(name, value) for name, value in found.headers.items()
                if name.startswith("x-amz-checksum-") and name != "x-amz-checksum-type"]
        return kept + ([("x-amz-checksum-type", "FULL_OBJECT")] if kept else [])

    def _list(self, bucket, objects, query, request):
        unknown = set(query) - {"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after",
                                "encoding-type"}
        if unknown:
            self._wrong(request, f"unknown parameters {unknown}")
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        token = query.get("continuation-token")
        after = base64.b64decode(token).decode() if token else query.get("start-after", "")
        limit = min(int(query.get("max-keys", "1000")), self.page_size)
        encode = (lambda text: urllib.parse.quote(text, safe="/-_.~*")) if query.get("encoding-type") == "url" else escape
        entries, last, truncated = [], after, False
        for key in sorted(objects, key=str.encode):
            if not key.startswith(prefix) or key.encode() <= after.encode():
                continue
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            name = key if end < 0 else key[:end + len(delimiter)]
            if end >= 0 and (("prefix", name) in entries or (after and after.startswith(name))):
                last = key
                continue
            if len(entries) == limit:
                truncated = True
                break
            entries.append(("key" if end < 0 else "prefix", name))
            last = key
        kind_of_names = "<EncodingType>url</EncodingType>" if query.get("encoding-type") == "url" else ""
        parts = [f"{kind_of_names}<Name>{escape(bucket)}</Name><Prefix>{encode(prefix)}</Prefix><KeyCount>{len(entries)}</KeyCount>"
                 f"<MaxKeys>{limit}</MaxKeys><IsTruncated>{'true' if truncated else 'false'}</IsTruncated>"]
        for kind, name in entries:
            if kind == "prefix":
                parts.append(f"<CommonPrefixes><Prefix>{encode(name)}</Prefix></CommonPrefixes>")
            else:
                found = objects[name]
                parts.append(f"<Contents><Key>{encode(name)}</Key><ETag>{escape(found.etag)}</ETag>"
                             f"<LastModified>{found.modified:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
                             f"<Size>{len(found.body)}</Size></Contents>")
        if truncated:
            parts.append(f"<NextContinuationToken>{base64.b64encode(last.encode()).decode()}</NextContinuationToken>")
        return xml_response("ListBucketResult", "".join(parts))

    def _delete_many(self, objects, request):
        if request.header("content-md5") is None:
            self._wrong(request, "DeleteObjects without Content-MD5", 400, "MissingContentMD5")
        root = ElementTree.fromstring(request.body)
        keys = [node.text for node in root.iter() if node.tag.rpartition("}")[2] == "Key"]
        for key in keys:
            objects.pop(key, None)
        return xml_response("DeleteResult", "")

