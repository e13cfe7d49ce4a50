"""The fake of Google Cloud Storage itself: buckets, objects, listings, batches, who is let in, and that it refuses what
Google refuses. The other test_gcs_server_*.py have its uploads, its XML API and its tokens.
"""
import json
import os
import pathlib
import socket
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from support import checksums
from support.gcs import Gcs, quoted
from support.gcs_caller import gcs, gcs_token, private_gcs  # noqa: F401
from support.gcs_server import crc32c

SERVERS = pathlib.Path(__file__).parent.parent / "servers"
READ_ONLY = "https://www.googleapis.com/auth/devstorage.read_only"


def talk(gcs, endpoint, text):
    """What comes back for these bytes, until the server hangs up."""
    address = urllib.parse.urlsplit(gcs.gcs.settings[endpoint])
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(text)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_crc32c_and_what_pieces_add_up_to():
    assert crc32c.crc32c(b"123456789") == 0xE3069283
    for first, second in ((b"", b"x"), (b"abc", b""), (b"hello ", b"world" * 1000)):
        whole = crc32c.crc32c(first + second)
        assert crc32c.combine(crc32c.crc32c(first), crc32c.crc32c(second), len(second)) == whole
        assert crc32c.text(whole) == checksums.checksum("crc32c", first + second)


# -- who is let in --------------------------------------------------------------------------------------

@pytest.mark.parametrize("authorization, reason", [
    (None, "required"), ("Bearer made-up", "authError"), ("Basic {token}", "authError"), ("{token}", "authError")])
def test_the_door_opens_to_a_living_token_only(gcs, authorization, reason):
    header = authorization and authorization.format(token=gcs.token)
    assert gcs.refusal("GET", gcs.objects, headers={"Authorization": header}) == (401, reason)
    assert gcs.call("GET", gcs.objects)[0] == 200


def test_the_anonymous_door_takes_no_bad_token_either(gcs):
    assert gcs.call("GET", gcs.objects, endpoint="GCS_ANONYMOUS_ENDPOINT")[0] == 200
    assert gcs.refusal("GET", gcs.objects, headers={"Authorization": "Bearer x"},
                       endpoint="GCS_ANONYMOUS_ENDPOINT") == (401, "authError")


def test_a_token_for_reading_does_not_write(gcs):
    _, _, body = gcs.gcs.request("GET", "/computeMetadata/v1/instance/service-accounts/default/token?scopes=" + READ_ONLY,
                                 headers={"Metadata-Flavor": "Google"}, endpoint="GCS_METADATA_HOST")
    header = {"Authorization": f"Bearer {json.loads(body)['access_token']}"}
    assert gcs.call("GET", gcs.objects, headers=header)[0] == 200
    assert gcs.refusal("POST", f"{gcs.upload}?uploadType=media&name=a", b"x", header) == (403, "insufficientPermissions")


def test_permissions_can_be_taken_away(gcs):
    gcs.gcs.put(gcs.bucket, "there", b"x")
    gcs.gcs.deny(gcs.bucket, "storage.objects.delete")
    assert gcs.refusal("DELETE", gcs.object("there")) == (403, "forbidden")
    assert gcs.refusal("POST", f"{gcs.upload}?uploadType=media&name=there", b"y") == (403, "forbidden")  # an overwrite
    assert gcs.call("POST", f"{gcs.upload}?uploadType=media&name=new", b"y")[0] == 200
    gcs.gcs.deny(gcs.bucket, "storage.objects.list")
    assert gcs.refusal("GET", gcs.objects) == (403, "forbidden")
    assert gcs.refusal("GET", gcs.object("absent")) == (403, "forbidden")  # absence is not told
    assert gcs.call("GET", gcs.object("there"))[0] == 200


# -- what is no request at all --------------------------------------------------------------------------

@pytest.mark.parametrize("head, status", [
    ("POST /storage/v1/b?project=p HTTP/1.1\r\nHost: x\r\n\r\n", 411),
    ("POST /storage/v1/b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
    ("GET /storage/v1/b/x HTTP/1.0\r\nHost: x\r\n\r\n", 400),
    ("GET /storage/v1/b/x HTTP/1.1\r\n\r\n", 400),
    ("GET /storage/v1/b/x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
    ("PUT /b/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    ("GET /storage/v1/b/x/o?prefix=%ff HTTP/1.1\r\nHost: x\r\n\r\n", 400), ("nonsense\r\n\r\n", 400)])
def test_what_is_not_http_as_we_know_it_is_refused_and_noted(gcs, head, status):
    mark = gcs.gcs.mark()
    answer = talk(gcs, "GCS_ENDPOINT", head.encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()) and b"text/html" in answer and b"Connection: close" in answer
    entry, = gcs.gcs.requests(mark)
    assert entry["status"] == status and entry["refused"] and (status != 411 or entry["method"] == "POST")


@pytest.mark.parametrize("method, target", [
    ("GET", "/storage/v1/b/{bucket}/o/a/b"), ("GET", "/storage/v1/b/{bucket}/acl"), ("PATCH", "/storage/v1/b/{bucket}/o/a"),
    ("GET", "/download/storage/v1/b/{bucket}/o"), ("GET", "/batch/storage/v1"), ("POST", "/batch/storage/v2"),
    ("GET", "/upload/storage/v1/b/{bucket}/o?uploadType=media&name=a")])
def test_other_routes_are_not_found_in_the_words_of_the_front_end(gcs, method, target):
    """A slash in a name must be encoded: as it is, it leads elsewhere."""
    gcs.gcs.put(gcs.bucket, "a/b", b"x")
    status, headers, body = gcs.call(method, target.format(bucket=gcs.bucket))
    assert status == 404 and headers["content-type"].startswith("text/html") and b"was not found on this server" in body
    assert gcs.call("GET", gcs.object("a/b"))[0] == 200


@pytest.mark.parametrize("query, parameter", [
    ("nonsense=1", "nonsense"), ("prefix=a&prefix=b", "prefix"), ("maxResults=0", "maxResults"), ("maxResults=x", "maxResults"),
    ("pageToken=YWJj", "pageToken"), ("fields=items(name", "fields"), ("fields=itmes", "fields"),
    ("fields=items(nome)", "fields"), ("versions=true", "versions"), ("alt=xml", "alt")])
def test_parameters_that_make_no_sense(gcs, query, parameter):
    status, found = gcs.json("GET", f"{gcs.objects}?{query}")
    error = found["error"]["errors"][0]
    assert (status, error["reason"], error["locationType"], error["location"]) == (
        400, "invalidParameter", "parameter", parameter)


def test_a_body_where_none_belongs(gcs):
    gcs.gcs.put(gcs.bucket, "a", b"x")
    for method in ("GET", "DELETE"):
        assert gcs.refusal(method, gcs.object("a"), b"{}") == (400, "invalid")
    assert gcs.gcs.get(gcs.bucket, "a") == b"x"


# -- buckets --------------------------------------------------------------------------------------------

def test_buckets(gcs):
    status, found = gcs.json("GET", f"/storage/v1/b/{gcs.bucket}")
    assert status == 200 and found["kind"] == "storage#bucket" and found["name"] == gcs.bucket
    assert gcs.refusal("GET", "/storage/v1/b/nobody-has-this-one") == (404, "notFound")

    def create(name, query="?project=p", kind="application/json"):
        return gcs.refusal("POST", f"/storage/v1/b{query}", json.dumps({"name": name}).encode(), {"Content-Type": kind})
    assert create(gcs.bucket) == (409, "conflict")
    assert create("new-one", "") == (400, "required")
    assert create("No_Bucket!") == (400, "invalid")
    assert create("new-one", kind="text/plain") == (400, "invalid")
    gcs.gcs.put(gcs.bucket, "a", b"")
    assert gcs.refusal("DELETE", f"/storage/v1/b/{gcs.bucket}") == (409, "conflict")
    gcs.gcs.remove(gcs.bucket, "a")
    assert gcs.call("DELETE", f"/storage/v1/b/{gcs.bucket}")[0] == 204
    assert not gcs.gcs.has_bucket(gcs.bucket)


# -- objects --------------------------------------------------------------------------------------------

def test_an_object_and_what_is_known_of_it(gcs):
    body, name = b"0123456789" * 1000, "a folder/ümlaut%2F?#&+ 1"
    gcs.gcs.put(gcs.bucket, name, body, {"Kind": "a Täg"})
    status, found = gcs.json("GET", gcs.object(name))
    assert status == 200 and found["kind"] == "storage#object" and found["name"] == name and found["size"] == "10000"
    assert found["crc32c"] == checksums.checksum("crc32c", body) and found["md5Hash"] == checksums.content_md5(body)
    assert found["metadata"] == {"Kind": "a Täg"} and found["generation"].isdigit() and found["metageneration"] == "1"
    for path in (gcs.object(name), "/download" + gcs.object(name)):
        status, headers, got = gcs.call("GET", path + "?alt=media")
        assert status == 200 and got == body
        assert headers["x-goog-generation"] == found["generation"] and headers["x-goog-stored-content-length"] == "10000"
        assert headers["x-goog-hash"] == f"crc32c={found['crc32c']}" and headers["etag"] == found["etag"]
    assert gcs.json("GET", gcs.object(name) + "?fields=size,metadata")[1] == {"size": "10000", "metadata": {"Kind": "a Täg"}}


@pytest.mark.parametrize("header, status, expected, content_range", [
    ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"), ("bytes=3-5", 206, b"345", "bytes 3-5/10"),
    ("bytes=8-100", 206, b"89", "bytes 8-9/10"), ("bytes=-4", 206, b"6789", "bytes 6-9/10"),
    ("bytes=10-", 416, b"Request range not satisfiable", "bytes */10")])
def test_ranges(gcs, header, status, expected, content_range):
    gcs.gcs.put(gcs.bucket, "digits", b"0123456789")
    found, headers, body = gcs.call("GET", gcs.object("digits") + "?alt=media", headers={"Range": header})
    assert (found, body, headers["content-range"]) == (status, expected, content_range)


def test_what_does_not_exist(gcs):
    assert gcs.refusal("GET", gcs.object("absent")) == (404, "notFound")
    assert gcs.refusal("DELETE", gcs.object("absent")) == (404, "notFound")
    status, headers, body = gcs.call("GET", gcs.object("absent") + "?alt=media")
    assert (status, body) == (404, f"No such object: {gcs.bucket}/absent".encode())  # downloads fail in plain text
    assert headers["content-type"].startswith("text/html")
    assert gcs.call("GET", "/storage/v1/b/nobody-has-this/o/a?alt=media")[2] == b"The specified bucket does not exist."


def test_generations_and_conditions(gcs):
    gcs.gcs.put(gcs.bucket, "a", b"old")
    old = gcs.gcs.stat(gcs.bucket, "a")["generation"]
    gcs.gcs.put(gcs.bucket, "a", b"new")
    new = gcs.gcs.stat(gcs.bucket, "a")["generation"]
    assert int(new) > int(old)
    path = gcs.object("a")
    assert gcs.call("GET", f"{path}?alt=media&generation={old}")[0] == 404
    assert gcs.call("GET", f"{path}?alt=media&generation={new}")[2] == b"new"
    assert gcs.call("GET", f"{path}?alt=media&ifGenerationMatch={old}")[0] == 412
    assert gcs.refusal("GET", f"{path}?ifGenerationMatch={old}") == (412, "conditionNotMet")
    assert gcs.call("GET", f"{path}?ifGenerationNotMatch={new}")[0] == 304
    assert gcs.refusal("DELETE", f"{path}?ifGenerationMatch={old}") == (412, "conditionNotMet")
    assert gcs.refusal("DELETE", f"{path}?ifGenerationMatch=abc") == (400, "invalidParameter")
    assert gcs.call("DELETE", f"{path}?ifGenerationMatch={new}")[0] == 204
    assert gcs.gcs.get(gcs.bucket, "a") is None


def test_a_reader_keeps_what_is_overwritten(gcs):
    """The bytes of a download are those of one generation."""
    size = 8 << 20
    gcs.gcs.put(gcs.bucket, "a", b"o" * size)
    address = urllib.parse.urlsplit(gcs.gcs.settings["GCS_ANONYMOUS_ENDPOINT"])
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(f"GET {gcs.object('a')}?alt=media HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        got = connection.recv(1000)
        gcs.gcs.put(gcs.bucket, "a", b"n" * size)
        while piece := connection.recv(1 << 20):
            got += piece
    assert got.partition(b"\r\n\r\n")[2] == b"o" * size


# -- listings -------------------------------------------------------------------------------------------

NAMES = ["a/", "a/1", "a/2/x", "a/2/y", "a0", "b/1", "c", "ä/1", "\U0001f418"]


def listing(gcs, query):
    """All pages: (names, prefixes, number of pages)"""
    names, prefixes, pages, token = [], [], 0, ""
    while True:
        status, page = gcs.json("GET", f"{gcs.objects}?{query}{token}")
        assert status == 200, page
        names += [item["name"] for item in page.get("items", [])]
        prefixes += page.get("prefixes", [])
        pages += 1
        if "nextPageToken" not in page:
            return names, prefixes, pages
        token = "&pageToken=" + quoted(page["nextPageToken"])


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_listings_with_and_without_a_delimiter(gcs, size):
    for name in reversed(NAMES):
        gcs.gcs.put(gcs.bucket, name, b"")
    gcs.gcs.page_size(gcs.bucket, size)
    assert listing(gcs, "")[:2] == (NAMES, [])
    assert listing(gcs, "delimiter=%2F")[:2] == (["a0", "c", "\U0001f418"], ["a/", "b/", "ä/"])
    assert listing(gcs, "delimiter=%2F&prefix=a%2F")[:2] == (["a/", "a/1"], ["a/2/"])
    assert listing(gcs, "prefix=a%2F")[:2] == (["a/", "a/1", "a/2/x", "a/2/y"], [])
    assert listing(gcs, "startOffset=a%2F2%2Fy&endOffset=c")[:2] == (["a/2/y", "a0", "b/1"], [])
    assert listing(gcs, "maxResults=2")[2] >= 5
    assert listing(gcs, "prefix=zzz") == ([], [], 1)


def test_a_page_token_holds_for_its_own_question(gcs):
    for name in ("a/1", "a/2", "b"):
        gcs.gcs.put(gcs.bucket, name, b"")
    _, page = gcs.json("GET", f"{gcs.objects}?maxResults=1&fields=nextPageToken")
    assert list(page) == ["nextPageToken"]
    token = quoted(page["nextPageToken"])
    assert gcs.call("GET", f"{gcs.objects}?maxResults=2&pageToken={token}")[0] == 200
    assert gcs.refusal("GET", f"{gcs.objects}?prefix=a&pageToken={token}") == (400, "invalidParameter")


# -- batches --------------------------------------------------------------------------------------------

def batch_body(calls, border="b"):
    parts = [f"--{border}\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n{call}\r\n\r\n"
             for number, call in enumerate(calls)]
    return ("".join(f"{part}\r\n" for part in parts) + f"--{border}--\r\n").encode()


def batch(gcs, calls, kind="multipart/mixed; boundary=b", **named):
    return gcs.call("POST", "/batch/storage/v1", batch_body(calls), {"Content-Type": kind}, **named)


def test_a_batch_of_deletions_answers_for_each(gcs):
    for name in ("x/1", "x/2"):
        gcs.gcs.put(gcs.bucket, name, b"")
    mark = gcs.gcs.mark()
    status, headers, body = batch(gcs, [f"DELETE {gcs.object(name)} HTTP/1.1" for name in ("x/1", "absent", "x/2")])
    assert status == 200 and headers["content-type"].startswith("multipart/mixed; boundary=")
    border = headers["content-type"].partition("=")[2].encode()
    parts = body.split(b"--" + border)
    assert parts[0] == b"" and parts[-1].strip() == b"--"
    for number, (part, expected) in enumerate(zip(parts[1:-1], (b"204", b"404", b"204"))):
        outer, inner = part.split(b"\r\n\r\n", 1)
        assert f"Content-ID: <response-{number}>".encode() in outer and inner.startswith(b"HTTP/1.1 " + expected)
    assert json.loads(parts[2].split(b"\r\n\r\n", 2)[2])["error"]["code"] == 404
    assert gcs.gcs.keys(gcs.bucket) == []
    entry, = gcs.gcs.requests(mark, gcs.bucket)
    assert [status for _, _, status in entry["calls"]] == [204, 404, 204]


def test_batches_that_are_refused_delete_nothing(gcs):
    gcs.gcs.put(gcs.bucket, "a", b"")
    good = f"DELETE {gcs.object('a')} HTTP/1.1"
    assert batch(gcs, [good] * 101)[0] == 400
    assert batch(gcs, [])[0] == 400
    assert batch(gcs, [good], "multipart/related; boundary=b")[0] == 400
    assert batch(gcs, [good], "multipart/mixed; boundary=other")[0] == 400
    assert batch(gcs, [good, f"DELETE https://storage.googleapis.com{gcs.object('a')} HTTP/1.1"])[0] == 400
    assert batch(gcs, [f"{good}\r\nAuthorization: Bearer x"])[0] == 400
    assert batch(gcs, [f"{good}\r\nContent-Length: 2\r\n\r\n{{}}"])[0] == 400
    assert batch(gcs, [f"GET {gcs.object('a')}?alt=media HTTP/1.1"])[0] == 400
    status, _, _ = gcs.call("POST", "/batch/storage/v1", batch_body([good]),
                            {"Content-Type": "multipart/mixed; boundary=b", "Authorization": None})
    assert status == 401
    assert gcs.gcs.keys(gcs.bucket) == ["a"]


def test_a_batch_of_one_hundred(gcs):
    for number in range(100):
        gcs.gcs.put(gcs.bucket, f"{number:03}", b"")
    status, _, body = batch(gcs, [f"DELETE {gcs.object(name)} HTTP/1.1" for name in gcs.gcs.keys(gcs.bucket)])
    assert status == 200 and body.count(b"HTTP/1.1 204 No Content") == 100 and gcs.gcs.keys(gcs.bucket) == []


# -- faults and the journal -----------------------------------------------------------------------------

def test_faults_take_the_requests_that_they_name(gcs):
    gcs.gcs.put(gcs.bucket, "a", b"x")
    path = f"/b/{gcs.bucket}/o/a"
    with gcs.gcs.fault(path, "GET", nth=2, times=2, status=503, headers={"Retry-After": "1"}):
        assert [gcs.call("GET", gcs.object("a"))[0] for _ in range(4)] == [200, 503, 503, 200]
    with gcs.gcs.fault(path, status=429):
        assert gcs.call("GET", gcs.object("b"))[0] == 404
        assert gcs.refusal("GET", gcs.object("a")) == (429, "rateLimitExceeded")
    with gcs.gcs.fault(path, "DELETE", status=500, after=True):  # done, and the client is told otherwise
        assert gcs.refusal("DELETE", gcs.object("a")) == (500, "backendError")
    assert gcs.call("GET", gcs.object("a"))[0] == 404
    with gcs.gcs.fault(path, delay=0.3):
        began = time.monotonic()
        gcs.call("GET", gcs.object("a"))
        assert time.monotonic() - began >= 0.3
    with gcs.gcs.fault(path, times="always", status=502):
        assert {gcs.call("GET", gcs.object("a"))[0] for _ in range(5)} == {502}
    assert gcs.call("GET", gcs.object("a"))[0] == 404  # it went with its block
    for bad in (b'{"nonsense": 1}', b"[]", b"{", b'{"match": {"path": "("}}'):
        assert gcs.refusal("POST", "/_control/fault", bad, endpoint="GCS_CONTROL") == (400, "invalid")


def test_the_journal_has_every_request_and_no_secret(gcs):
    mark = gcs.gcs.mark()
    gcs.call("GET", f"{gcs.objects}?prefix=x%2F", agent="me")
    gcs.call("GET", gcs.objects, headers={"Authorization": "Bearer a-secret-of-somebody"})
    gcs.gcs.keys(gcs.bucket)  # ours: not counted
    first, second = gcs.gcs.requests(mark, gcs.bucket)
    assert (first["method"], first["path"], first["query"], first["status"]) == ("GET", gcs.objects, {"prefix": "x/"}, 200)
    assert first["headers"]["user-agent"] == "me" and first["port"] == "storage" and not first["tls"]
    assert first["headers"]["authorization"].startswith("Bearer token-") and second["headers"]["authorization"] == "unknown"
    log = pathlib.Path(gcs.gcs.settings["GCS_REQUESTS_LOG"]).read_text()
    assert gcs.token not in log and "a-secret-of-somebody" not in log


# -- the daemon -----------------------------------------------------------------------------------------

def test_the_daemon_comes_up_twice_serves_tls_and_goes_away(tmp_path):
    folder = tmp_path / "gcs"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    try:
        for _ in range(2):  # the second start leaves it running
            came = subprocess.run([SERVERS / "gcs-up", folder], env=environment, capture_output=True, text=True, timeout=60)
            assert came.returncode == 0, came.stderr
        settings = dict(line.split("=", 1) for line in (folder / "env").read_text().splitlines())
        gcs = Gcs(settings)
        gcs.create_bucket("by-tls")
        gcs.put("by-tls", "a", b"x" * 3_000_000)
        token = json.loads(gcs.request("GET", "/computeMetadata/v1/instance/service-accounts/default/token",
                                       headers={"Metadata-Flavor": "Google"}, endpoint="GCS_METADATA_HOST")[2])
        context = ssl.create_default_context(cafile=settings["GCS_CA"])
        request = urllib.request.Request(settings["GCS_ENDPOINT_TLS"] + "/storage/v1/b/by-tls/o/a?alt=media",
                                         headers={"Authorization": f"Bearer {token['access_token']}"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        with opener.open(request, timeout=30) as answer:
            assert answer.read() == b"x" * 3_000_000
        assert gcs.requests(0, "by-tls")[-1]["tls"] is True
    finally:
        subprocess.run([SERVERS / "gcs-down", folder], env=environment, check=True, capture_output=True, timeout=60)
    assert not (folder / "env").exists() and not (folder / "data").exists() and (folder / "log/requests.log").exists()
