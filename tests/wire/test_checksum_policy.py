"""Which checksum headers go over the wire, who decides it, and what happens when a store rejects them."""
import hashlib
import pathlib
import platform
import re

import pytest

from support import faults
from support.checksums import checksum
from support.proxy import ForwardProxy
from support.scripted_s3 import ScriptedS3
from support.site import Site, error_line, expect, lines, wal_key

ALGORITHMS = ["crc32", "crc32c", "crc64nvme", "sha256"]


def sent_checksums(request):
    """{algorithm: value} of the checksum headers of a request."""
    return {name.lower()[len("x-amz-checksum-"):]: value for name, value in request.headers
            if name.lower().startswith("x-amz-checksum-") and name.lower() != "x-amz-checksum-mode"}


def archive_and_restore(site, store, content, *options):
    """Does both, checks that they worked; returns the PUT and the GET of the object."""
    expect(site.archive(site.segment(content), *options), 0)
    expect(site.restore(*options), 0)
    assert site.restored() == content
    return store.seen("PUT")[-1], store.seen("GET", wal_key())[-1]


def has_checksums(put, get):
    """True: both directions ask for checksums; False: neither does."""
    asked = [bool(sent_checksums(put)), get.header("x-amz-checksum-mode") == "ENABLED"]
    assert asked in ([True, True], [False, False]), (put.headers, get.headers)
    return asked[0]


def write_profile(tmp_path, **settings):
    folder = tmp_path / ".aws"
    folder.mkdir(exist_ok=True)
    text = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (folder / "config").write_text(f"[default]\n{text}")


@pytest.mark.parametrize("options, wanted", [
    ([], False), (["--checksum-policy", "auto"], False), (["--checksum-policy", "when_required"], False),
    (["--checksum-policy", "when_supported"], True), (["--checksum-policy=when_supported"], True)])
def test_the_policy_by_option(site, store, content, options, wanted):
    assert has_checksums(*archive_and_restore(site, store, content, *options)) == wanted


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("codec", [[], ["--gzip"]])
def test_the_value_is_the_checksum_of_the_body(site, store, content, algorithm, codec):
    options = ["--checksum-policy", "when_supported", "--checksum-algorithm", algorithm]
    expect(site.archive(site.segment(content), *options, *codec), 0)
    put, = store.seen("PUT")
    assert sent_checksums(put) == {algorithm: checksum(algorithm, put.body)}
    declared = put.header("x-amz-sdk-checksum-algorithm")
    assert declared is None or declared.lower() == algorithm
    expect(site.restore(*options), 0)
    assert site.restored() == content


def test_one_algorithm_is_chosen_when_none_is_named(site, store, content):
    expect(site.archive(site.segment(content), "--checksum-policy", "when_supported"), 0)
    sent = sent_checksums(store.seen("PUT")[0])
    assert len(sent) == 1 and set(sent) <= set(ALGORITHMS)


def test_when_required_ignores_the_algorithm(site, store, content):
    expect(site.archive(site.segment(content), "--checksum-policy", "when_required", "--checksum-algorithm", "sha256"),
           0)
    assert sent_checksums(store.seen("PUT")[0]) == {}


@pytest.mark.parametrize("value", ["when_supported", "WHEN_SUPPORTED", "when_supported\n"])
def test_the_policy_by_environment(site_on, scripted, content, value):
    site = site_on(scripted).with_env(AWS_REQUEST_CHECKSUM_CALCULATION=value, AWS_RESPONSE_CHECKSUM_VALIDATION=value)
    assert has_checksums(*archive_and_restore(site, scripted, content))


def test_the_two_variables_are_independent(site_on, scripted, content):
    site = site_on(scripted).with_env(AWS_REQUEST_CHECKSUM_CALCULATION="when_supported")
    put, get = archive_and_restore(site, scripted, content)
    assert sent_checksums(put) and get.header("x-amz-checksum-mode") is None
    scripted.buckets["wals"].clear()
    site = site_on(scripted).with_env(AWS_RESPONSE_CHECKSUM_VALIDATION="when_supported")
    put, get = archive_and_restore(site, scripted, content)
    assert not sent_checksums(put) and get.header("x-amz-checksum-mode") == "ENABLED"


def test_the_policy_by_profile(site_on, scripted, content, tmp_path):
    write_profile(tmp_path, request_checksum_calculation="when_supported",
                  response_checksum_validation="when_supported")
    assert has_checksums(*archive_and_restore(site_on(scripted), scripted, content))


def test_the_environment_beats_the_profile_and_the_option_beats_both(site_on, scripted, content, tmp_path):
    write_profile(tmp_path, request_checksum_calculation="when_supported",
                  response_checksum_validation="when_supported")
    site = site_on(scripted).with_env(AWS_REQUEST_CHECKSUM_CALCULATION="when_required",
                                      AWS_RESPONSE_CHECKSUM_VALIDATION="when_required")
    assert not has_checksums(*archive_and_restore(site, scripted, content))
    scripted.buckets["wals"].clear()
    assert has_checksums(*archive_and_restore(site, scripted, content, "--checksum-policy", "when_supported"))


@pytest.mark.parametrize("options, environment", [
    (["--checksum-policy", "sometimes"], {}), (["--checksum-algorithm", "md5"], {}),
    ([], {"AWS_REQUEST_CHECKSUM_CALCULATION": "sometimes"})])
def test_an_unknown_policy_is_refused_before_anything_is_sent(site_on, scripted, content, options, environment):
    site = site_on(scripted).with_env(**environment)
    result = expect(site.archive(site.segment(content), *options), 3, 4)
    assert (options + list(environment.values()))[-1] in result.stderr
    assert scripted.requests == []


@pytest.fixture
def aws(authority):
    """A store under AWS's own name, behind a proxy that leads there."""
    with ScriptedS3(authority.server_context(), base_host="s3.us-east-1.amazonaws.com") as store, \
            ForwardProxy(route={"wals.s3.us-east-1.amazonaws.com:443": store.port}) as forward:
        store.buckets["wals"] = {}
        store.proxy = forward
        yield store
    assert not store.problems, "\n".join(store.problems)


@pytest.fixture
def aws_site(scripted_run, aws, tmp_path):
    return Site(scripted_run.with_env(HTTPS_PROXY=aws.proxy.endpoint, AWS_DEFAULT_REGION="us-east-1"), None, "wals",
                tmp_path)


@pytest.mark.parametrize("options, wanted", [
    ([], True), (["--checksum-policy", "auto"], True), (["--checksum-policy", "when_supported"], True),
    (["--checksum-policy", "when_required"], False)])
def test_auto_means_when_supported_on_aws(aws_site, aws, content, options, wanted):
    assert has_checksums(*archive_and_restore(aws_site, aws, content, *options)) == wanted


def sha_instructions():
    """Whether there are any in this processor, on x86."""
    flags = re.search(r"^flags\s*:(.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return flags is not None and "sha_ni" in flags[1].split()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="OPENSSL_ia32cap is x86's")
@pytest.mark.parametrize("capabilities, options, signed", [
    ("", [], sha_instructions()), (":~0x20000000", [], False),
    (":~0x20000000", ["--checksum-policy", "when_required"], True),
    (":~0x20000000", ["--checksum-algorithm", "sha256"], True)])
def test_without_sha_instructions_the_checksum_stands_for_the_digest_on_aws(aws_site, aws, content, capabilities,
                                                                            options, signed):
    site = aws_site.with_env(OPENSSL_ia32cap=capabilities)
    expect(site.archive(site.segment(content), *options, "--gzip"), 0)
    put = aws.seen("PUT")[-1]
    digest = hashlib.sha256(put.body).hexdigest()
    assert put.header("x-amz-content-sha256") == (digest if signed else "UNSIGNED-PAYLOAD")
    if not signed:
        assert sent_checksums(put) == {"crc64nvme": checksum("crc64nvme", put.body)}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="OPENSSL_ia32cap is x86's")
def test_elsewhere_payloads_stay_signed_without_sha_instructions(site_on, scripted_tls, content):
    site = site_on(scripted_tls).with_env(OPENSSL_ia32cap=":~0x20000000")
    expect(site.archive(site.segment(content), "--gzip", "--checksum-policy", "when_supported"), 0)
    put = scripted_tls.seen("PUT")[-1]
    assert put.header("x-amz-content-sha256") == hashlib.sha256(put.body).hexdigest()


@pytest.mark.parametrize("code", ["InvalidRequest", "NotImplemented", "XAmzContentSHA256Mismatch", "BadDigest"])
def test_a_store_that_rejects_checksums_gets_the_object_without(site, store, content, code):
    store.checksum_refusal = code
    result = expect(site.archive(site.segment(content), "--checksum-policy", "when_supported"), 0)
    warnings = lines(result, "WARNING")
    assert len(warnings) == 1 and "AWS_REQUEST_CHECKSUM_CALCULATION" in warnings[0], result.stderr
    assert lines(result, "ERROR") == []
    first, *_, last = store.seen("PUT")
    assert sent_checksums(first) and not sent_checksums(last)
    assert last.header("if-none-match") == "*", "the condition must not fall with the checksum"
    assert store.buckets["wals"][wal_key()].body == content


def test_the_fall_back_happens_under_auto_on_aws_too(aws_site, aws, content):
    aws.checksum_refusal = "InvalidRequest"
    result = expect(aws_site.archive(aws_site.segment(content)), 0)
    assert len(lines(result, "WARNING")) == 1
    assert aws.buckets["wals"][wal_key()].body == content


def test_a_refusal_that_has_nothing_to_do_with_checksums_is_no_fall_back(site_on, scripted, content):
    scripted.inject(faults.refuse(400, "InvalidRequest", "no"), method="PUT")
    site = site_on(scripted)
    result = expect(site.archive(site.segment(content), "--checksum-policy", "when_supported"), 4)
    error_line(result, "InvalidRequest", "400")
    assert len(scripted.seen("PUT")) <= 2
    scripted.requests.clear()
    error_line(expect(site.archive(site.segment(content), "--checksum-policy", "when_required"), 4), "InvalidRequest")
    assert len(scripted.seen("PUT")) == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("codec", [[], ["--gzip"]])
def test_a_wrong_checksum_of_a_download_is_an_error_and_nothing_is_written(site, store, content, algorithm, codec):
    expect(site.archive(site.segment(content), *codec), 0)
    store.returned_checksum = (algorithm, checksum(algorithm, b"something else"))
    result = expect(site.restore("--checksum-policy", "when_supported"), 2, 4)
    error_line(result, "checksum", wal_key())
    assert site.restored() is None
    store.returned_checksum = None
    expect(site.restore("--checksum-policy", "when_supported"), 0)
    assert site.restored() == content


def test_a_checksum_that_was_not_asked_for_is_not_needed(site, store, content):
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore("--checksum-policy", "when_supported"), 0)
    assert site.restored() == content


def test_a_checksum_of_an_unknown_kind_does_not_stop_a_restore(site, store, content):
    expect(site.archive(site.segment(content)), 0)
    store.returned_checksum = ("xxhash3", "AAAAAAAAAAA=")
    expect(site.restore("--checksum-policy", "when_supported"), 0)
    assert site.restored() == content
