"""The Ceph gateway, directly and behind nginx with request buffering: the set-up in which clients that
send checksum trailers fail with XAmzContentSHA256Mismatch.
"""
import http.client
import ssl
import urllib.parse

import pytest

from support.checksums import checksum
from support.proxy import FaultProxy
from support.sigv4 import sign
from support.site import Site, expect, wal_key

NAMES = [f"0000000100000000000000{number:02X}" for number in range(1, 4)]


@pytest.fixture(params=["direct", "nginx"])
def road(request, rgw, nginx):
    """{"http": (endpoint, CA file), "https": ...}"""
    if request.param == "direct":
        return {"http": (rgw["S3_ENDPOINT"], None), "https": (rgw["S3_ENDPOINT_TLS"], rgw["AWS_CA_BUNDLE"])}
    return {"http": (nginx["NGINX_ENDPOINT"], None), "https": (nginx["NGINX_ENDPOINT_TLS"], nginx["AWS_CA_BUNDLE"])}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("policy", [[], ["--checksum-policy", "when_supported"],
                                    ["--checksum-policy", "when_supported", "--checksum-algorithm", "sha256"]])
def test_segments_go_and_come_back(s3_run, s3, bucket, road, content, tmp_path, scheme, policy):
    endpoint, authority = road[scheme]
    site = Site(s3_run.with_env(AWS_CA_BUNDLE=authority), endpoint, bucket, tmp_path)
    for name, codec in zip(NAMES, ([], ["--gzip"], ["--zstd"])):
        for _ in range(2):
            result = expect(site.archive(site.segment(content, name), *policy, *codec), 0)
            assert "WARNING" not in result.stderr
        expect(site.restore(*policy, name=name), 0)
        assert site.restored() == content
    assert s3.keys(bucket) == [wal_key(NAMES[0]), wal_key(NAMES[1], ".gz"), wal_key(NAMES[2], ".zst")]
    assert s3.get(bucket, wal_key(NAMES[0])) == content


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_the_gateway_gets_has_no_trailer(s3_run, rgw, bucket, authority, content, tmp_path, scheme):
    with FaultProxy(rgw["S3_ENDPOINT"], authority.server_context() if scheme == "https" else None) as proxy:
        site = Site(s3_run.with_env(AWS_CA_BUNDLE=authority.root), proxy.endpoint, bucket, tmp_path)
        for policy in ("auto", "when_supported"):
            expect(site.archive(site.segment(content, NAMES[0]), "--checksum-policy", policy), 0)
        expect(site.restore(name=NAMES[0]), 0)
        assert proxy.seen("PUT")
        for request in proxy.requests:
            assert not (request.chunked or request.trailers or request.expect or request.header("x-amz-trailer"))
            assert request.method != "PUT" or int(request.header("content-length")) == len(request.body)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_client_that_sends_trailers_does_fail_there(rgw, nginx, bucket, scheme):
    """The tests above mean something: this is what AWS's own libraries have sent since 2025."""
    parts = urllib.parse.urlsplit(nginx["NGINX_ENDPOINT" if scheme == "http" else "NGINX_ENDPOINT_TLS"])
    data = b"a segment" * 1000
    body = f"{len(data):x}\r\n".encode() + data + f"\r\n0\r\nx-amz-checksum-crc32:{checksum('crc32', data)}\r\n\r\n".encode()
    headers = sign("PUT", f"/{bucket}/x", {
        "host": parts.netloc, "content-encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(data)),
        "x-amz-trailer": "x-amz-checksum-crc32"}, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", rgw["AWS_ACCESS_KEY_ID"],
        rgw["AWS_SECRET_ACCESS_KEY"])
    if scheme == "http":
        connection = http.client.HTTPConnection(parts.hostname, parts.port)
    else:
        connection = http.client.HTTPSConnection(parts.hostname, parts.port,
                                                 context=ssl.create_default_context(cafile=nginx["AWS_CA_BUNDLE"]))
    connection.request("PUT", f"/{bucket}/x", body=iter([body]), headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 400 and b"XAmzContentSHA256Mismatch" in answer.read()
    connection.close()
