"""What every request looks like on the wire. The scripted store refuses (and reports) trailers,
aws-chunked, Expect, missing lengths, unsigned headers and wrong digests; here is what it cannot know.
"""
import base64
import gzip
import hashlib
import re
import urllib.parse

import pytest

from support import faults
from support.http_server import Request
from support.scripted_objects import StoredObject
from support.site import SEGMENT, Site, error_line, expect, wal_key

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
HISTORY = "00000002.history"


def bucket_heads(store):
    """HeadBucket requests, in either addressing style."""
    return [request for request in store.seen("HEAD") if request.path.strip("/") in ("", "wals")]


@pytest.mark.parametrize("options", [[], ["--gzip"], ["--checksum-policy", "when_supported"]])
def test_every_request_has_a_length_a_real_digest_and_no_frills(site, store, content, options):
    for _ in range(2):  # stored, then already stored
        expect(site.archive(site.segment(content), *options), 0)
    expect(site.restore(*options[-2:] if len(options) > 1 else []), 0)
    expect(site.check(), 1)
    assert {request.method for request in store.requests} >= {"PUT", "GET", "HEAD"}
    for request in store.requests:
        names = request.header_names()
        assert not {"expect", "transfer-encoding", "trailer", "te", "x-amz-trailer", "content-encoding",
                    "x-amz-decoded-content-length"} & set(names), request.headers
        assert request.header("x-amz-content-sha256") == hashlib.sha256(request.body).hexdigest()
        if request.method == "PUT":
            assert names.count("content-length") == 1
            assert int(request.header("content-length")) == len(request.body)
        else:
            assert request.header("x-amz-content-sha256") == EMPTY_SHA256
        assert request.header("authorization").startswith("AWS4-HMAC-SHA256 ")
        assert not {"accept-encoding", "cookie", "referer"} & set(names), request.headers


def test_the_object_is_what_was_given_plain_or_compressed(site, store, content):
    path = site.segment(content)
    expect(site.archive(path), 0)
    expect(site.archive(site.segment(content, "000000010000000000000002"), "--gzip"), 0)
    objects = store.buckets["wals"]
    assert set(objects) == {wal_key(), wal_key("000000010000000000000002", ".gz")}
    assert objects[wal_key()].body == content
    assert gzip.decompress(objects[wal_key("000000010000000000000002", ".gz")].body) == content


def test_one_put_that_creates_only(site, store, content):
    expect(site.archive(site.segment(content)), 0)
    put, = store.seen("PUT")
    assert put.header("if-none-match") == "*"


@pytest.mark.parametrize("conditional", ["honoured", "ignored", "refused"])
def test_nothing_is_overwritten_whatever_the_store_makes_of_the_condition(site_on, scripted, content, conditional):
    site, scripted.conditional = site_on(scripted), conditional
    expect(site.archive(site.segment(content)), 0)
    first = scripted.buckets["wals"][wal_key()]
    expect(site.archive(site.segment(content)), 0)
    other = content[:-1] + bytes([content[-1] ^ 1])
    error_line(expect(site.archive(site.segment(other)), 1), hashlib.sha256(content).hexdigest()[:8],
               hashlib.sha256(other).hexdigest()[:8])
    assert scripted.buckets["wals"][wal_key()] is first


def test_a_race_for_one_name_is_won_once(site_on, scripted, content):
    """Another client stores a different file between our look and our write."""
    site, other = site_on(scripted), content[::-1]

    def overtake(exchange):
        scripted.buckets["wals"].setdefault(wal_key(), StoredObject(other, Request("PUT", "", [])))
        exchange.send(exchange.answer())
    scripted.inject(overtake, method="PUT", times=1)
    expect(site.archive(site.segment(content)), 1)
    assert scripted.buckets["wals"][wal_key()].body == other


def test_no_headbucket_outside_its_commands(site, store, content):
    expect(site.restore(), 1)
    expect(site.archive(site.segment(content)), 0)
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore(), 0)
    store.inject(faults.refuse(403, "AccessDenied"))
    expect(site.restore(), 4)
    expect(site.archive(site.segment(content, "000000010000000000000002")), 4)
    store.rules.clear()
    del store.buckets["wals"]
    expect(site.restore(), 4)
    expect(site.archive(site.segment(content)), 4)
    assert bucket_heads(store) == []


def test_headbucket_in_its_commands(site, store, content):
    path = site.segment(content)
    for command in (site.check, lambda *options: site.archive(path, *options), site.restore):
        store.requests.clear()
        expect(command("-t"), 0)
        assert [request.method for request in store.requests] == ["HEAD"] and len(bucket_heads(store)) == 1
    store.requests.clear()
    expect(site.check(), 0)
    assert len(bucket_heads(store)) == 1


def test_check_wal_archive_makes_the_bucket(site_on, scripted):
    site = site_on(scripted)
    del scripted.buckets["wals"]
    expect(site.check("--test"), 0)
    assert "wals" not in scripted.buckets
    expect(site.check(), 0)
    put, = scripted.seen("PUT")
    assert "wals" in scripted.buckets and put.body == b""


def test_a_bucket_outside_us_east_1_is_made_with_its_region(site_on, scripted):
    site = site_on(scripted).with_env(AWS_DEFAULT_REGION="eu-west-1")
    del scripted.buckets["wals"]
    expect(site.check(), 0)
    put, = scripted.seen("PUT")
    assert b"<LocationConstraint>eu-west-1</LocationConstraint>" in put.body


def test_the_payload_is_left_unsigned_only_over_tls(site_on, scripted, scripted_tls, content):
    site = site_on(scripted_tls)
    expect(site.archive(site.segment(content), "--unsigned-payload"), 0)
    assert scripted_tls.seen("PUT")[0].header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
    expect(site.restore("--unsigned-payload"), 0)
    site = site_on(scripted)  # here it is either refused, or the digest is signed all the same
    result = expect(site.archive(site.segment(content), "--unsigned-payload"), 0, 3, 4)
    assert all(put.header("x-amz-content-sha256") == hashlib.sha256(content).hexdigest()
               for put in scripted.seen("PUT"))
    assert result.returncode == 0 or "--unsigned-payload" in result.stderr


@pytest.mark.parametrize("options, name, wanted", [
    (["--tags", "a,b", "c,d"], SEGMENT, [("a", "b"), ("c", "d")]),
    (["--tag", "a,b", "--tag", "c,d"], SEGMENT, [("a", "b"), ("c", "d")]),
    (["--tags", "owner,R&D = 50% \u00fcber+more"], SEGMENT, [("owner", "R&D = 50% \u00fcber+more")]),
    (["--tag", "owner , x = a+b/c:d@e f "], SEGMENT, [("owner", "x = a+b/c:d@e f")]),
    (["--tags", "a,b", "--history-tags", "r,keep"], SEGMENT, [("a", "b")]),
    (["--tags", "a,b", "--history-tags", "r,keep"], HISTORY, [("r", "keep")]),
    (["--tags", "a,b"], HISTORY, [("a", "b")]),
    (["--history-tags", "r,keep"], SEGMENT, None)])
def test_tags(site_on, scripted, content, options, name, wanted):
    site = site_on(scripted)
    expect(site.archive(site.segment(content, name), *options, "--cloud-provider", "aws-s3"), 0)
    tagging = scripted.seen("PUT")[0].header("x-amz-tagging")
    assert (tagging and urllib.parse.parse_qsl(tagging, keep_blank_values=True)) == wanted
    if tagging:
        assert re.fullmatch(r"[A-Za-z0-9%._~=&-]+", tagging)


@pytest.mark.parametrize("options, wanted", [
    (["-e", "AES256"], {"x-amz-server-side-encryption": "AES256"}),
    (["--encryption", "aws:kms"], {"x-amz-server-side-encryption": "aws:kms"}),
    (["-e", "aws:kms", "--sse-kms-key-id", "arn:aws:kms:x:1:key/2"],
     {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:x:1:key/2"}),
    ([], {})])
def test_server_side_encryption(site, store, content, options, wanted):
    expect(site.archive(site.segment(content), *options), 0)
    expect(site.restore(), 0)
    for request in store.requests:
        sent = {name.lower(): value for name, value in request.headers
                if name.lower().startswith("x-amz-server-side-encryption")}
        assert sent == (wanted if request.method == "PUT" else {}), request


def test_a_customer_key_goes_with_the_object_both_ways_and_into_no_message(site_on, scripted_tls, content, tmp_path):
    key = bytes(range(200, 232))
    encoded = base64.b64encode(key).decode()
    key_file = tmp_path / "sse.key"
    key_file.write_text(encoded + "\n")
    site, option = site_on(scripted_tls), ("--sse-customer-key", f"file://{key_file}")
    results = [expect(site.archive(site.segment(content), *option, "-vv"), 0), expect(site.restore(*option, "-vv"), 0)]
    wanted = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
              "x-amz-server-side-encryption-customer-key": encoded,
              "x-amz-server-side-encryption-customer-key-md5": base64.b64encode(hashlib.md5(key).digest()).decode()}
    touched = [request for request in scripted_tls.requests
               if request.path.endswith(SEGMENT) and request.method in ("GET", "HEAD", "PUT")]
    assert {request.method for request in touched} >= {"GET", "PUT"}
    for request in touched:
        assert wanted.items() <= {name.lower(): value for name, value in request.headers}.items(), request
    for result in results:
        assert encoded not in result.stdout + result.stderr
    assert site.restored() == content


@pytest.mark.parametrize("key", ["", "AAAA", "not base64 at all!", base64.b64encode(bytes(31)).decode()])
def test_a_bad_customer_key_is_refused_before_anything_is_sent(site_on, scripted_tls, content, tmp_path, key):
    key_file = tmp_path / "sse.key"
    key_file.write_text(key)
    site = site_on(scripted_tls)
    result = expect(site.archive(site.segment(content), "--sse-customer-key", f"file://{key_file}"), 3, 4)
    assert str(key_file) in result.stderr and scripted_tls.requests == []
    assert not key or key not in result.stderr


def test_secrets_are_in_no_message(site_on, scripted_tls, content):
    scripted_tls.session_token = "very+secret/token=="
    site = site_on(scripted_tls).with_env(AWS_SESSION_TOKEN="very+secret/token==\n")
    results = [expect(site.archive(site.segment(content), "-vvv"), 0), expect(site.restore("-vvv"), 0)]
    scripted_tls.inject(faults.refuse(403, "AccessDenied"))
    results.append(expect(site.restore("-vvv"), 4))
    for result in results:
        for secret in (scripted_tls.secret_key, "very+secret/token"):
            assert secret not in result.stdout + result.stderr


@pytest.mark.parametrize("prefix", ["", "/", "/deep/er", "/deep/er/", "/with blank+plus&%20"])
def test_keys_below_every_kind_of_prefix(scripted_run, scripted, content, tmp_path, prefix):
    site = Site(scripted_run, scripted.endpoint, "wals" + prefix, tmp_path)
    expect(site.archive(site.segment(content)), 0)
    folder = prefix.strip("/")
    assert list(scripted.buckets["wals"]) == [wal_key(prefix=folder + "/" if folder else "")]
    expect(site.restore(), 0)
    assert site.restored() == content
    expect(site.check(), 1)


def test_a_compressed_file_is_found_among_many_names(site_on, scripted, content):
    """Pages of listings, names that share a beginning, and things that are no WAL."""
    site, scripted.page_size = site_on(scripted), 2
    expect(site.archive(site.segment(content), "--gzip"), 0)
    objects = scripted.buckets["wals"]
    for name in (".00000028.backup", ".00000028.backup.gz", ".junk", ".partial.gz", ".gzz", "0.gz"):
        objects[wal_key(suffix=name)] = StoredObject(b"junk", scripted.requests[0])
    expect(site.restore(), 0)
    assert site.restored() == content
