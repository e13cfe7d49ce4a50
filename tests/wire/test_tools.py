"""The tools of these tests, tested: a strict store that accepted everything would prove nothing."""
import base64
import hashlib
import http.client
import socket
import urllib.parse

import pytest

from support import faults
from support.checksums import checksum
from support.http_server import WireReader
from support.s3 import S3
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY, ScriptedS3


@pytest.fixture
def lenient(authority):
    """A scripted store whose problems are looked at by the test itself."""
    with ScriptedS3() as store:
        store.buckets["wals"] = {}
        yield store, S3(store.endpoint, ACCESS_KEY, SECRET_KEY)


@pytest.mark.parametrize("algorithm, expected", [
    ("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")])
def test_checksums_have_the_published_check_values(algorithm, expected):
    assert base64.b64decode(checksum(algorithm, b"123456789")).hex() == expected


def test_the_store_keeps_lists_and_pages(lenient):
    store, client = lenient
    keys = [f"a/{number} \u00fc&<" for number in range(5)]
    for key in keys:
        client.put("wals", key, key.encode())
    store.page_size = 2
    assert client.keys("wals", "a/") == keys
    assert client.get("wals", keys[3]) == keys[3].encode()
    assert client.get("wals", "a/none") is None
    assert client.request("GET", "wals", keys[0], headers={"Range": "bytes=2-3"})[::2] == (206, keys[0].encode()[2:4])
    assert not store.problems


@pytest.mark.parametrize("conditional, status", [("honoured", 412), ("ignored", 200), ("refused", 501)])
def test_the_store_treats_conditions_as_told(lenient, conditional, status):
    store, client = lenient
    client.put("wals", "x", b"1")
    store.conditional = conditional
    assert client.request("PUT", "wals", "x", headers={"If-None-Match": "*"}, body=b"2")[0] == status


def test_the_store_refuses_a_wrong_secret(lenient):
    store, _ = lenient
    status, _, body = S3(store.endpoint, ACCESS_KEY, "wrong").request("PUT", "wals", "x", body=b"1")
    assert status == 403 and b"SignatureDoesNotMatch" in body and store.problems


def test_the_store_refuses_wrong_checksums_and_missing_md5(lenient):
    store, client = lenient
    assert client.request("PUT", "wals", "x", headers={"x-amz-checksum-crc32": "AAAAAA=="}, body=b"1")[0] == 400
    assert client.request("POST", "wals", query={"delete": ""}, body=b"<Delete/>")[0] == 400
    assert len(store.problems) == 2


def test_the_store_refuses_chunks_and_expect(lenient):
    store, _ = lenient
    connection = http.client.HTTPConnection("127.0.0.1", store.port)
    connection.request("PUT", "/wals/x", body=iter([b"abc"]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked", "x-amz-content-sha256": "x"})
    assert connection.getresponse().status == 411
    with socket.create_connection(("127.0.0.1", store.port), timeout=10) as raw:
        raw.sendall(b"PUT /wals/x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nExpect: 100-continue\r\n"
                    b"Connection: close\r\n\r\n1")
        answers = WireReader(raw).to_end()
    assert answers.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 ")
    assert ["chunked" in store.problems[0], "Expect" in store.problems[1]] == [True, True]


def test_a_multipart_upload_of_the_store(lenient):
    store, client = lenient
    store.min_part_size = 3
    _, _, body = client.request("POST", "wals", "big", query={"uploads": ""})
    upload = body.split(b"<UploadId>")[1].split(b"<")[0].decode()
    assert client.uploads("wals") == ["big"]
    parts = [b"abc", b"d"]
    for number, part in enumerate(parts, 1):
        client.request("PUT", "wals", "big", query={"partNumber": str(number), "uploadId": upload}, body=part)
    listed = "".join(f"<Part><PartNumber>{number}</PartNumber><ETag>{hashlib.md5(part).hexdigest()}</ETag></Part>"
                     for number, part in enumerate(parts, 1))
    status, _, body = client.request("POST", "wals", "big", query={"uploadId": upload},
                                     body=f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode())
    assert status == 200 and client.get("wals", "big") == b"abcd" and client.uploads("wals") == []
    assert not store.problems


def test_a_fault_takes_the_exchanges_that_it_was_told_to(lenient):
    store, client = lenient
    client.put("wals", "x", b"0123456789")
    store.inject(faults.refuse(503, "SlowDown"), method="GET", path="/x", nth=2, times=2)
    assert [client.request("GET", "wals", "x")[0] for _ in range(4)] == [200, 503, 503, 200]
    store.inject(faults.cut_response(4), method="GET", times=1)
    with pytest.raises(http.client.IncompleteRead) as cut:
        client.request("GET", "wals", "x")
    assert cut.value.partial == b"0123"
    store.inject(faults.reset_after_request(), method="GET", times=1)
    with pytest.raises(ConnectionResetError):
        client.request("GET", "wals", "x")


def test_the_proxy_is_transparent_to_signatures(proxy, bucket, rgw):
    client = S3(proxy.endpoint, rgw["AWS_ACCESS_KEY_ID"], rgw["AWS_SECRET_ACCESS_KEY"])
    client.put(bucket, "x y", b"through")
    assert client.get(bucket, "x y") == b"through"
    assert urllib.parse.unquote(proxy.seen("PUT")[0].path) == f"/{bucket}/x y"
