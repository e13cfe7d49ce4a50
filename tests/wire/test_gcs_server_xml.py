"""The fake of Google Cloud Storage: the XML API's objects and its uploads in parts, over the same objects as the JSON API."""
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from support import checksums
from support.gcs import quoted
from support.gcs_caller import gcs, gcs_token, private_gcs  # noqa: F401
from support.gcs_server import crc32c

SMALLEST = 5 << 20
NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
KMS_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"


def error(answer):
    """(status, code) of an error in the XML API's form, which is checked."""
    status, headers, body = answer
    assert headers["content-type"].startswith("application/xml"), (status, body)
    root = ElementTree.fromstring(body)
    assert root.tag == "Error" and [child.tag for child in root][:2] == ["Code", "Message"] and root.findtext("Message")
    return status, root.findtext("Code")


def document(answer, root_name):
    status, headers, body = answer
    assert status == 200, body
    assert headers["content-type"].startswith("application/xml") and body.startswith(b"<?xml")
    root = ElementTree.fromstring(body)
    assert root.tag == NAMESPACE + root_name
    return root


def text(root, name):
    return root.findtext(NAMESPACE + name)


# -- objects --------------------------------------------------------------------------------------------

def test_objects_of_one_api_are_those_of_the_other(gcs):
    path, body = f"/{gcs.bucket}/a/b%20c", b"some bytes"
    status, headers, _ = gcs.call("PUT", path, body, {
        "Content-Type": "text/x-test", "x-goog-meta-kind": "test", "x-goog-encryption-kms-key-name": KMS_KEY,
        "x-goog-hash": f"crc32c={checksums.checksum('crc32c', body)}"})
    assert status == 200 and headers["x-goog-generation"] == gcs.gcs.stat(gcs.bucket, "a/b c")["generation"]
    assert gcs.gcs.get(gcs.bucket, "a/b c") == body and gcs.gcs.metadata(gcs.bucket, "a/b c") == {"kind": "test"}
    for method in ("GET", "HEAD"):
        status, headers, got = gcs.call(method, path)
        assert status == 200 and got == (body if method == "GET" else b"") and headers["content-length"] == "10"
        assert headers["x-goog-meta-kind"] == "test" and headers["content-type"] == "text/x-test"
        assert headers["x-goog-stored-content-length"] == "10" and headers["x-goog-encryption-kms-key-name"]
    assert gcs.call("GET", path, headers={"Range": "bytes=5-"})[::2] == (206, b"bytes")
    assert error(gcs.call("GET", path, headers={"Range": "bytes=50-"})) == (416, "InvalidRange")
    assert gcs.call("DELETE", path)[0] == 204
    assert error(gcs.call("GET", path)) == (404, "NoSuchKey")
    assert gcs.call("HEAD", path)[0] == 404


def test_what_the_xml_api_refuses(gcs):
    path = f"/{gcs.bucket}/a"
    assert error(gcs.call("GET", path, headers={"Authorization": None})) == (401, "AuthenticationRequired")
    assert error(gcs.call("GET", path, headers={"Authorization": "Bearer x"})) == (401, "AuthenticationRequired")
    assert error(gcs.call("GET", "/nobody-has-this-one/a")) == (404, "NoSuchBucket")
    assert error(gcs.call("PUT", path, b"x", {"x-goog-hash": "crc32c=AAAAAA=="})) == (400, "BadDigest")
    assert error(gcs.call("PUT", path, b"x", {"Content-MD5": checksums.content_md5(b"y")})) == (400, "BadDigest")
    assert error(gcs.call("PUT", path, b"x", {"x-goog-nonsense": "1"})) == (400, "InvalidArgument")
    assert error(gcs.call("PUT", path, b"x", {"x-amz-meta-a": "1"})) == (400, "InvalidArgument")
    assert error(gcs.call("PUT", path + "?nonsense=1", b"x")) == (400, "InvalidArgument")
    assert error(gcs.call("PUT", path, b"x", {"x-goog-meta-a": "v" * 8192})) == (400, "MetadataTooLarge")
    assert error(gcs.call("POST", path, b"x")) == (405, "MethodNotAllowed")
    assert error(gcs.call("GET", f"/{gcs.bucket}")) == (405, "MethodNotAllowed")
    gcs.gcs.put(gcs.bucket, "a", b"x")
    assert error(gcs.call("PUT", path, b"y", {"x-goog-if-generation-match": "0"})) == (412, "PreconditionFailed")
    gcs.gcs.deny(gcs.bucket, "storage.objects.get")
    assert error(gcs.call("GET", path)) == (403, "AccessDenied")


# -- uploads in parts -----------------------------------------------------------------------------------

class Upload:
    def __init__(self, gcs, name="a/b c", headers=None):
        self.gcs, self.name, self.path = gcs, name, f"/{gcs.bucket}/{quoted(name)}"
        root = document(gcs.call("POST", self.path + "?uploads", b"", headers), "InitiateMultipartUploadResult")
        assert (text(root, "Bucket"), text(root, "Key")) == (gcs.bucket, name)
        self.id = text(root, "UploadId")

    def put(self, number, body, headers=None):
        return self.gcs.call("PUT", f"{self.path}?partNumber={number}&uploadId={self.id}", body, headers)

    def etag(self, number, body):
        status, headers, answer = self.put(number, body)
        assert status == 200, answer
        assert headers["x-goog-hash"] == f"crc32c={crc32c.text(crc32c.crc32c(body))}"
        return headers["etag"]

    def complete(self, parts, headers=None):
        listed = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts)
        return self.gcs.call("POST", f"{self.path}?uploadId={self.id}",
                             f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode(), headers)

    def listed(self, query=""):
        return document(self.gcs.call("GET", f"{self.path}?uploadId={self.id}{query}"), "ListPartsResult")


@pytest.fixture(scope="module")
def large():
    return b"0123456789abcdef" * (SMALLEST // 16)


def test_parts_become_an_object(gcs, large):
    upload = Upload(gcs, headers={"x-goog-meta-kind": "test", "Content-Type": "text/x-test",
                                  "x-goog-encryption-kms-key-name": KMS_KEY})
    assert gcs.gcs.unfinished(gcs.bucket) == ["a/b c"]
    last, first = upload.etag(7, b"the end"), upload.etag(2, large)
    upload.etag(3, b"left out on completion")
    assert gcs.gcs.get(gcs.bucket, "a/b c") is None
    answer = upload.complete([(2, first), (7, last)])
    root = document(answer, "CompleteMultipartUploadResult")
    assert (text(root, "Bucket"), text(root, "Key")) == (gcs.bucket, "a/b c") and text(root, "ETag").endswith('-2"')
    body = large + b"the end"
    assert gcs.gcs.get(gcs.bucket, "a/b c") == body
    found = gcs.gcs.stat(gcs.bucket, "a/b c")
    assert found["size"] == str(len(body)) and "md5Hash" not in found and found["componentCount"] == 2
    assert found["metadata"] == {"kind": "test"} and found["contentType"] == "text/x-test" and found["kmsKeyName"]
    assert answer[1]["x-goog-hash"] == f"crc32c={found['crc32c']}"
    gcs.gcs.put(gcs.bucket, "whole", body)
    assert gcs.gcs.stat(gcs.bucket, "whole")["crc32c"] == found["crc32c"]
    over_the_seam = gcs.call("GET", gcs.object("a/b c") + "?alt=media",
                             headers={"Range": f"bytes={SMALLEST - 2}-{SMALLEST + 2}"})
    assert over_the_seam[2] == b"efthe"
    assert gcs.gcs.unfinished(gcs.bucket) == [] and error(upload.complete([(2, first)])) == (404, "NoSuchUpload")


def test_a_part_may_be_sent_again(gcs):
    upload = Upload(gcs)
    old = upload.etag(1, b"old")
    new = upload.etag(1, b"new")
    assert old != new and error(upload.complete([(1, old)])) == (400, "InvalidPart")
    assert upload.complete([(1, new)])[0] == 200 and gcs.gcs.get(gcs.bucket, "a/b c") == b"new"


def test_parts_are_verified(gcs):
    upload = Upload(gcs)
    assert upload.put(1, b"x", {"x-goog-hash": f"crc32c={checksums.checksum('crc32c', b'x')}"})[0] == 200
    assert upload.put(2, b"x", {"Content-MD5": checksums.content_md5(b"x")})[0] == 200
    assert error(upload.put(3, b"x", {"x-goog-hash": f"crc32c={checksums.checksum('crc32c', b'y')}"})) == (400, "BadDigest")
    assert error(upload.put(3, b"x", {"x-goog-hash": f"md5={checksums.content_md5(b'y')}"})) == (400, "BadDigest")
    for number in ("0", "10001", "x", "-1", ""):
        assert error(upload.put(number, b"x")) == (400, "InvalidArgument")
    assert [part.findtext(NAMESPACE + "PartNumber") for part in upload.listed().iter(NAMESPACE + "Part")] == ["1", "2"]


def test_completions_that_are_refused(gcs, large):
    upload = Upload(gcs)
    one, two, three = upload.etag(1, large), upload.etag(2, b"small"), upload.etag(3, b"last")
    assert error(upload.complete([(2, two), (1, one)])) == (400, "InvalidPartOrder")
    assert error(upload.complete([(1, one), (1, one)])) == (400, "InvalidPartOrder")
    assert error(upload.complete([(1, one), (4, three)])) == (400, "InvalidPart")
    assert error(upload.complete([(1, two)])) == (400, "InvalidPart")
    assert error(upload.complete([(1, one), (2, two), (3, three)])) == (400, "EntityTooSmall")
    assert error(upload.complete([])) == (400, "InvalidArgument")
    assert error(upload.complete([(1, one)], {"x-goog-hash": "crc32c=AAAAAA=="})) == (400, "BadDigest")
    for body in (b"", b"not XML", b"<Complete/>",
                 b"<CompleteMultipartUpload><Part><ETag>x</ETag></Part></CompleteMultipartUpload>"):
        assert error(gcs.call("POST", f"{upload.path}?uploadId={upload.id}", body)) \
            == (400, "MalformedCompleteMultipartUploadRequest")
    assert gcs.gcs.keys(gcs.bucket) == [] and upload.complete([(1, one), (3, three)])[0] == 200


@pytest.mark.parametrize("headers", [{"x-goog-if-generation-match": "0"}, {"If-None-Match": "*"}])
def test_preconditions_are_not_to_be_had(gcs, headers):
    """Google: 400 NotImplemented. So whoever must not overwrite has to look before."""
    assert error(gcs.call("POST", f"/{gcs.bucket}/a?uploads", b"", headers)) == (400, "NotImplemented")
    upload = Upload(gcs)
    etag = upload.etag(1, b"x")
    assert error(upload.complete([(1, etag)], headers)) == (400, "NotImplemented")
    gcs.gcs.put(gcs.bucket, upload.name, b"old")
    assert upload.complete([(1, etag)])[0] == 200 and gcs.gcs.get(gcs.bucket, upload.name) == b"x"  # overwritten


def test_aborted_and_unknown_uploads(gcs):
    upload = Upload(gcs)
    etag = upload.etag(1, b"x")
    target = f"{upload.path}?uploadId={upload.id}"
    assert error(gcs.call("DELETE", f"/{gcs.bucket}/another?uploadId={upload.id}")) == (404, "NoSuchUpload")
    assert gcs.call("DELETE", target)[0] == 204 and gcs.gcs.unfinished(gcs.bucket) == []
    assert error(gcs.call("DELETE", target)) == (404, "NoSuchUpload")
    assert error(upload.put(1, b"x")) == (404, "NoSuchUpload")
    assert error(upload.complete([(1, etag)])) == (404, "NoSuchUpload")
    assert error(gcs.call("GET", target)) == (404, "NoSuchUpload")
    assert error(gcs.call("POST", "/nobody-has-this-one/a?uploads")) == (404, "NoSuchBucket")
    assert error(gcs.call("POST", f"/{gcs.bucket}/a?uploads", b"a body")) == (400, "InvalidArgument")


def test_lists_of_uploads_and_of_parts_are_paged(gcs):
    uploads = [Upload(gcs, name) for name in ("x/1", "x/1", "x/2", "x&3", "y")]
    expected = sorted((upload.name, upload.id) for upload in uploads)

    def pages(query, step):
        found, marker = [], ""
        while True:
            root = document(gcs.call("GET", f"/{gcs.bucket}?uploads&max-uploads={step}{query}{marker}"),
                            "ListMultipartUploadsResult")
            found += [(text(item, "Key"), text(item, "UploadId")) for item in root.iter(NAMESPACE + "Upload")]
            if text(root, "IsTruncated") == "false":
                return found
            marker = (f"&key-marker={quoted(text(root, 'NextKeyMarker'))}"
                      f"&upload-id-marker={quoted(text(root, 'NextUploadIdMarker'))}")
    for step in (1, 2, 1000):
        assert pages("", step) == expected
        assert pages("&prefix=x%2F", step) == [entry for entry in expected if entry[0].startswith("x/")]
    root = document(gcs.call("GET", f"/{gcs.bucket}?uploads&key-marker=x%2F1"), "ListMultipartUploadsResult")
    assert [text(item, "Key") for item in root.iter(NAMESPACE + "Upload")] == ["x/2", "y"]

    upload, marker, found = uploads[0], 0, []
    etags = {str(number): upload.etag(number, b"x" * number) for number in (1, 5, 9)}
    while True:
        root = upload.listed(f"&max-parts=2&part-number-marker={marker}")
        found += [(text(part, "PartNumber"), text(part, "ETag"), text(part, "Size")) for part in root.iter(NAMESPACE + "Part")]
        if text(root, "IsTruncated") == "false":
            break
        marker = text(root, "NextPartNumberMarker")
    assert found == [(number, etag, number) for number, etag in etags.items()]


def test_a_door_without_uploads_in_parts(gcs):
    """As with emulators that lack them; all else is there."""
    status, headers, body = gcs.call("POST", f"/{gcs.bucket}/a?uploads", b"", endpoint="GCS_NO_XML_ENDPOINT")
    assert (status, body) == (404, b"404 page not found\n") and headers["content-type"].startswith("text/plain")
    upload = f"{gcs.upload}?uploadType=media&name=a"
    assert gcs.call("POST", upload, b"x", endpoint="GCS_NO_XML_ENDPOINT")[0] == 200
    assert gcs.call("GET", f"/{gcs.bucket}/a", endpoint="GCS_NO_XML_ENDPOINT")[2] == b"x"
    header = {"Authorization": f"Bearer {gcs.token}"}  # a good token is welcome
    assert gcs.call("POST", upload, b"x", header, endpoint="GCS_NO_XML_ENDPOINT")[0] == 200


def test_a_completion_may_fail_with_a_success_status(gcs):
    upload = Upload(gcs)
    etag = upload.etag(1, b"x")
    with gcs.gcs.fault(f"{re.escape(gcs.bucket)}.*uploadId", "POST", error_with_200=True):
        status, _, body = upload.complete([(1, etag)])
        assert status == 200 and ElementTree.fromstring(body).findtext("Code") == "InternalError"
    assert gcs.gcs.keys(gcs.bucket) == []
    with gcs.gcs.fault(f"{re.escape(gcs.bucket)}.*uploadId", "POST", status=503, after=True):  # done all the same
        assert error(upload.complete([(1, etag)])) == (503, "ServiceUnavailable")
    assert error(upload.complete([(1, etag)])) == (404, "NoSuchUpload") and gcs.gcs.get(gcs.bucket, upload.name) == b"x"


def test_removing_a_bucket_with_everything_in_it(gcs):
    upload = Upload(gcs)
    upload.etag(1, b"x")
    gcs.call("POST", f"{gcs.upload}?uploadType=resumable&name=r")
    gcs.gcs.put(gcs.bucket, "a", b"x")
    gcs.gcs.remove_bucket(gcs.bucket)
    assert not gcs.gcs.has_bucket(gcs.bucket)
    gcs.gcs.create_bucket(gcs.bucket)
    assert gcs.gcs.keys(gcs.bucket) == [] and gcs.gcs.unfinished(gcs.bucket) == []
    assert json.loads(gcs.call("GET", gcs.objects)[2]) == {"kind": "storage#objects"}
