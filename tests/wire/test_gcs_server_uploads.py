"""The fake of Google Cloud Storage: objects inserted by media, multipart and resumable uploads of the JSON API."""
import json
import re
import socket
import urllib.parse

import pytest

from support import checksums
from support.gcs_caller import gcs, gcs_token, private_gcs  # noqa: F401

GRANULE = 256 * 1024
KMS_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
BODY = bytes(range(256)) * 16


def media(gcs, name, body=BODY, query="", headers=None):
    return gcs.call("POST", f"{gcs.upload}?uploadType=media&name={name}{query}", body, headers)


# -- media ----------------------------------------------------------------------------------------------

def test_media(gcs):
    status, _, answer = media(gcs, "a%2Fb", headers={"Content-Type": "text/x-test"}, query=f"&kmsKeyName={KMS_KEY}")
    found = json.loads(answer)
    assert status == 200 and found["name"] == "a/b" and found["contentType"] == "text/x-test" and found["size"] == "4096"
    assert found["kmsKeyName"] == KMS_KEY + "/cryptoKeyVersions/1"
    assert gcs.gcs.get(gcs.bucket, "a/b") == BODY
    assert media(gcs, "empty", b"")[0] == 200 and gcs.gcs.get(gcs.bucket, "empty") == b""


def test_digests_given_in_headers_are_verified(gcs):
    good = f"crc32c={checksums.checksum('crc32c', BODY)},md5={checksums.content_md5(BODY)}"
    assert media(gcs, "good", headers={"x-goog-hash": good, "Content-MD5": checksums.content_md5(BODY)})[0] == 200
    for headers in ({"x-goog-hash": f"crc32c={checksums.checksum('crc32c', b'x')}"}, {"x-goog-hash": "crc32c=AA"},
                    {"x-goog-hash": "sha1=abc"}, {"Content-MD5": checksums.content_md5(b"x")}):
        status, _, answer = media(gcs, "bad", headers=headers)
        assert (status, json.loads(answer)["error"]["errors"][0]["reason"]) == (400, "invalid"), headers
    assert gcs.gcs.keys(gcs.bucket) == ["good"]


def test_create_only(gcs):
    assert media(gcs, "a", b"1", "&ifGenerationMatch=0")[0] == 200
    status, _, answer = media(gcs, "a", b"2", "&ifGenerationMatch=0")
    assert (status, json.loads(answer)["error"]["errors"][0]["reason"]) == (412, "conditionNotMet")
    generation = gcs.gcs.stat(gcs.bucket, "a")["generation"]
    assert media(gcs, "a", b"3", f"&ifGenerationMatch={generation}")[0] == 200
    assert media(gcs, "b", b"3", f"&ifGenerationMatch={generation}")[0] == 412
    assert gcs.gcs.get(gcs.bucket, "a") == b"3"


@pytest.mark.parametrize("query, status", [
    ("uploadType=media", 400), ("uploadType=media&name=", 400), ("uploadType=media&name=.", 400),
    ("uploadType=media&name=a%0Ab", 400), ("uploadType=media&name=" + "n" * 1025, 400), ("uploadType=none&name=a", 400),
    ("name=a", 400), ("uploadType=media&name=a&nonsense=1", 400), ("uploadType=media&name=a&kmsKeyName=k", 400),
    (f"uploadType=media&name=a&kmsKeyName={KMS_KEY[:-1]}denied", 403), ("uploadType=media&name=a&ifGenerationMatch=x", 400)])
def test_inserts_that_are_refused(gcs, query, status):
    assert gcs.refusal("POST", f"{gcs.upload}?{query}", b"x")[0] == status
    assert gcs.gcs.keys(gcs.bucket) == []
    assert gcs.refusal("POST", "/upload/storage/v1/b/nobody-has-this/o?uploadType=media&name=a", b"x") == (404, "notFound")


def test_a_body_that_is_cut_leaves_nothing(gcs):
    mark, address = gcs.gcs.mark(), urllib.parse.urlsplit(gcs.gcs.settings["GCS_ANONYMOUS_ENDPOINT"])
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"POST {gcs.upload}?uploadType=media&name=a HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
                           "only this".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    entry, = gcs.gcs.requests(mark, gcs.bucket)
    assert entry["status"] == 0 and entry["received"] == 9 and entry["cut"] and gcs.gcs.keys(gcs.bucket) == []


# -- multipart/related ----------------------------------------------------------------------------------

def related(metadata, body=BODY, border="b0rder", first="application/json; charset=UTF-8", end="--\r\n",
            second="Content-Type: application/octet-stream"):
    metadata = metadata if isinstance(metadata, str) else json.dumps(metadata)
    return (f"--{border}\r\nContent-Type: {first}\r\n\r\n{metadata}\r\n--{border}\r\n{second}\r\n\r\n".encode() + body
            + f"\r\n--{border}{end}".encode())


def multipart(gcs, text, query="", kind="multipart/related; boundary=b0rder"):
    return gcs.call("POST", f"{gcs.upload}?uploadType=multipart{query}", text, {"Content-Type": kind})


@pytest.mark.parametrize("body", [b"", b"x", b"\r\n--b0rde", BODY * 1000], ids=len)
@pytest.mark.parametrize("end", ["--\r\n", "--"])
def test_multipart(gcs, body, end):
    status, _, answer = multipart(gcs, related({
        "name": "a/b", "metadata": {"k": "v"}, "contentType": "text/x-test", "crc32c": checksums.checksum("crc32c", body),
        "md5Hash": checksums.content_md5(body)}, body, end=end), f"&kmsKeyName={KMS_KEY}&ifGenerationMatch=0")
    found = json.loads(answer)
    assert status == 200 and found["contentType"] == "text/x-test" and found["size"] == str(len(body)), found
    assert found["md5Hash"] == checksums.content_md5(body) and found["kmsKeyName"].startswith(KMS_KEY)
    assert gcs.gcs.get(gcs.bucket, "a/b") == body and gcs.gcs.metadata(gcs.bucket, "a/b") == {"k": "v"}
    assert multipart(gcs, related({"name": "a/b"}), "&ifGenerationMatch=0")[0] == 412
    assert gcs.gcs.get(gcs.bucket, "a/b") == body


@pytest.mark.parametrize("text", [
    related({"name": "a", "crc32c": checksums.checksum("crc32c", b"x")}), related({"name": "a", "md5Hash": "AAAA"}),
    related({}), related({"name": "a", "kmsKeyName": KMS_KEY}), related({"name": "a", "metadata": {"k": 1}}),
    related({"name": "a", "bucket": "another"}), related("{not json"), related("[]"), related({"name": "a"}, border="other"),
    related({"name": "a"}, first="text/plain"), related({"name": "a"}, end=""), related({"name": "a"}, end="--\r\ntrash"),
    related({"name": "a"}, b"x\r\n--b0rder\r\ny"), related({"name": "a"}, second="X-Other: 1"), b"", b"--b0rder--",
    related({"name": "a", "metadata": {"k": "v" * 8192}}), related({"name": 5}), related({"name": "a", "crc32c": 5}),
    related({"name": "a", "metadata": []}), related('{"name": "\\ud800"}'), related({"name": "a", "nonsense": "x"})])
def test_multipart_bodies_that_are_refused(gcs, text):
    status, _, answer = multipart(gcs, text)
    assert status == 400 and json.loads(answer)["error"]["errors"][0]["message"]
    assert gcs.gcs.keys(gcs.bucket) == []


def test_multipart_needs_its_content_type_and_one_name(gcs):
    assert multipart(gcs, related({"name": "a"}), kind="multipart/mixed; boundary=b0rder")[0] == 400
    assert multipart(gcs, related({"name": "a"}), kind="multipart/related")[0] == 400
    assert multipart(gcs, related({"name": "a"}), "&name=b")[0] == 400
    assert multipart(gcs, related({}), "&name=b")[0] == 200
    assert multipart(gcs, related({"name": "m", "metadata": {"k": "v" * 8191}}))[0] == 200  # 8 KiB in all


# -- resumable ------------------------------------------------------------------------------------------

class Session:
    def __init__(self, gcs, name="big", metadata=None, query="", headers=None):
        self.gcs = gcs
        status, answer, _ = gcs.call("POST", f"{gcs.upload}?uploadType=resumable&name={name}{query}",
                                     json.dumps(metadata or {}).encode(), {"Content-Type": "application/json",
                                                                           **(headers or {})})
        assert status == 200, answer
        assert answer["location"].startswith(gcs.gcs.settings["GCS_ENDPOINT"] + gcs.upload) and answer["content-length"] == "0"
        self.target = answer["location"].removeprefix(gcs.gcs.settings["GCS_ENDPOINT"])
        assert f"upload_id={answer['x-guploader-uploadid']}" in self.target

    def put(self, content_range, body=b"", headers=None):
        """(status, the Range header, body); without authorization, since the address is enough."""
        named = {"Content-Range": content_range} if content_range else {}
        status, answer, text = self.gcs.call("PUT", self.target, body, {"Authorization": None, **named, **(headers or {})})
        return status, answer.get("range"), text

    def refusal(self, content_range, body=b"", headers=None):
        return self.gcs.refusal("PUT", self.target, body, {"Content-Range": content_range, **(headers or {})})


CHUNKS = bytes(range(256)) * 1024 * 2 + b"the rest"  # two granules and a little


def test_chunk_after_chunk(gcs):
    session = Session(gcs, metadata={"metadata": {"k": "v"}, "crc32c": checksums.checksum("crc32c", CHUNKS)})
    assert session.put("bytes */*") == (308, None, b"")
    assert session.put(f"bytes 0-{GRANULE - 1}/*", CHUNKS[:GRANULE]) == (308, f"bytes=0-{GRANULE - 1}", b"")
    assert session.put("bytes */*")[:2] == (308, f"bytes=0-{GRANULE - 1}")
    assert gcs.gcs.get(gcs.bucket, "big") is None and gcs.gcs.unfinished(gcs.bucket) == ["big"]
    status, _, body = session.put(f"bytes {GRANULE}-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS[GRANULE:])
    assert status == 200 and json.loads(body)["size"] == str(len(CHUNKS))
    assert gcs.gcs.get(gcs.bucket, "big") == CHUNKS and gcs.gcs.metadata(gcs.bucket, "big") == {"k": "v"}
    assert json.loads(session.put(f"bytes */{len(CHUNKS)}")[2])["name"] == "big"  # the answer was lost: asked again
    assert gcs.gcs.unfinished(gcs.bucket) == []


def test_a_whole_object_at_once_and_an_empty_one(gcs):
    assert Session(gcs, "whole", headers={"X-Upload-Content-Length": str(len(CHUNKS))}).put(None, CHUNKS)[0] == 200
    assert Session(gcs, "empty").put("bytes */0")[0] == 200
    assert gcs.gcs.get(gcs.bucket, "whole") == CHUNKS and gcs.gcs.get(gcs.bucket, "empty") == b""


def test_chunks_of_unknown_total_end_with_an_empty_one(gcs):
    session = Session(gcs)
    session.put(f"bytes 0-{GRANULE - 1}/*", CHUNKS[:GRANULE])
    assert session.put(f"bytes */{GRANULE}")[0] == 200
    assert gcs.gcs.get(gcs.bucket, "big") == CHUNKS[:GRANULE]


@pytest.mark.parametrize("content_range, size", [
    (f"bytes {2 * GRANULE}-{3 * GRANULE - 1}/*", GRANULE),  # a gap
    (f"bytes {GRANULE}-{GRANULE + 99}/*", 100),  # not a multiple, and not the last
    (f"bytes {GRANULE}-{GRANULE + 99}/{GRANULE + 200}", 100),
    (f"bytes {GRANULE}-{GRANULE + 99}/{GRANULE + 100}", 99),  # another length
    (f"bytes {GRANULE}-{GRANULE + 99}/{GRANULE + 50}", 100),  # behind the end
    (f"bytes */{GRANULE - 1}", 0), (f"bytes */{GRANULE * 2}", 5), ("bytes 5-4/*", 0), ("0-4/5", 5), ("bytes */x", 0)])
def test_chunks_that_do_not_fit(gcs, content_range, size):
    session = Session(gcs)
    session.put(f"bytes 0-{GRANULE - 1}/*", CHUNKS[:GRANULE])
    assert session.refusal(content_range, b"x" * size) == (400, "invalid")
    assert session.put("bytes */*")[1] == f"bytes=0-{GRANULE - 1}"  # nothing of it was kept


def test_a_repeated_chunk_is_passed_over(gcs):
    """Its answer may have been lost."""
    session = Session(gcs)
    session.put(f"bytes 0-{GRANULE - 1}/*", CHUNKS[:GRANULE])
    assert session.put(f"bytes 0-{2 * GRANULE - 1}/*", CHUNKS[:2 * GRANULE])[1] == f"bytes=0-{2 * GRANULE - 1}"
    assert session.put(f"bytes {2 * GRANULE}-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS[2 * GRANULE:])[0] == 200
    assert gcs.gcs.get(gcs.bucket, "big") == CHUNKS


def test_the_declared_total_holds(gcs):
    session = Session(gcs, headers={"X-Upload-Content-Length": str(len(CHUNKS))})
    assert session.refusal(f"bytes 0-{GRANULE - 1}/{GRANULE}", CHUNKS[:GRANULE]) == (400, "invalid")
    assert gcs.refusal("PUT", session.target, CHUNKS[:-1]) == (400, "invalid")
    assert session.put(f"bytes 0-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS)[0] == 200


def test_less_may_be_kept_than_was_sent(gcs):
    session = Session(gcs)
    with gcs.gcs.fault(re.escape(gcs.bucket), "PUT", keep=GRANULE + 1000):
        assert session.put(f"bytes 0-{2 * GRANULE - 1}/*", CHUNKS[:2 * GRANULE])[:2] == (308, f"bytes=0-{GRANULE - 1}")
    assert session.put(f"bytes {GRANULE}-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS[GRANULE:])[0] == 200
    assert gcs.gcs.get(gcs.bucket, "big") == CHUNKS


def test_of_a_chunk_that_breaks_off_whole_granules_stay(gcs):
    session = Session(gcs)
    address = urllib.parse.urlsplit(gcs.gcs.settings["GCS_ENDPOINT"])
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(f"PUT {session.target} HTTP/1.1\r\nHost: x\r\nContent-Range: bytes 0-{len(CHUNKS) - 1}/{len(CHUNKS)}"
                           f"\r\nContent-Length: {len(CHUNKS)}\r\n\r\n".encode() + CHUNKS[:GRANULE + 5000])
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    assert session.put(f"bytes */{len(CHUNKS)}")[:2] == (308, f"bytes=0-{GRANULE - 1}")
    assert session.put(f"bytes {GRANULE}-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS[GRANULE:])[0] == 200
    assert gcs.gcs.get(gcs.bucket, "big") == CHUNKS


def test_a_wrong_digest_ends_the_session(gcs):
    wrong = checksums.checksum("crc32c", b"x")
    by_metadata = Session(gcs, metadata={"crc32c": wrong})
    assert by_metadata.refusal(f"bytes 0-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS) == (400, "invalid")
    by_header = Session(gcs)
    assert by_header.refusal(f"bytes 0-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS, {"x-goog-hash": f"crc32c={wrong}"}) \
        == (400, "invalid")
    assert by_header.put("bytes */*")[0] == 410 and gcs.gcs.keys(gcs.bucket) == []


def test_create_only_holds_when_it_is_finished(gcs):
    session = Session(gcs, query="&ifGenerationMatch=0")
    assert "ifGenerationMatch=0" in session.target
    gcs.gcs.put(gcs.bucket, "big", b"somebody was faster")
    assert session.refusal(f"bytes 0-{len(CHUNKS) - 1}/{len(CHUNKS)}", CHUNKS) == (412, "conditionNotMet")
    assert gcs.gcs.get(gcs.bucket, "big") == b"somebody was faster"


def test_cancelled_and_unknown_sessions(gcs):
    session = Session(gcs)
    session.put(f"bytes 0-{GRANULE - 1}/*", CHUNKS[:GRANULE])
    assert gcs.call("DELETE", session.target)[0] == 499
    assert session.refusal("bytes */*") == (410, "uploadCancelled") and gcs.gcs.unfinished(gcs.bucket) == []
    assert gcs.refusal("PUT", f"{gcs.upload}?uploadType=resumable&upload_id=made-up", b"") == (404, "notFound")
    finished = Session(gcs)
    finished.put("bytes */0")
    assert gcs.refusal("DELETE", finished.target) == (404, "notFound")
    assert gcs.refusal("PUT", finished.target, headers={"Authorization": "Bearer x"}) == (401, "authError")


@pytest.mark.parametrize("body, headers", [
    (b"{}", {"Content-Type": "text/plain"}), (b"{", {"Content-Type": "application/json"}),
    (b'{"name": "another"}', {"Content-Type": "application/json"}), (b"", {"X-Upload-Content-Length": "x"})])
def test_sessions_that_do_not_begin(gcs, body, headers):
    assert gcs.refusal("POST", f"{gcs.upload}?uploadType=resumable&name=a", body, headers)[0] == 400
    assert gcs.gcs.unfinished(gcs.bucket) == []
