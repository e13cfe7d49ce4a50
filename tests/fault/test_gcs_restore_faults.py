"""wal-restore while the network and Google Cloud Storage misbehave: 1 only for proven absence, 2 when trying again may
help, 4 for the rest; the destination appears whole or not at all, and only out of one generation.
"""
import time

import pytest

from support import faults
from support.gcs import REQUEST_ID, refuse, trouble
from support.gcs_server import refusals
from support.gcs_site import FORMS, KEY, LIST, MEDIA, MEDIA_JSON, NO_BUCKET, REFUSALS, TRANSIENT, at, names
from support.http_server import Response
from support.site import SEGMENT, error_line, expect, lines


@pytest.mark.parametrize("fault", TRANSIENT)
def test_restoring_survives_a_fault_that_happens_once(gcs_proxy, gcs_site, gcs_plain, content, fault):
    for step in (LIST, MEDIA):
        gcs_proxy.inject(TRANSIENT[fault](FORMS[step]), method=step[0], path=step[1], times=1)
    assert lines(expect(gcs_site.restore(), 0), "ERROR") == []
    assert len(gcs_proxy.seen(*LIST)) >= 2 and len(gcs_proxy.seen(*MEDIA)) >= 2 and gcs_site.restored() == content


@pytest.mark.parametrize("fault", TRANSIENT)
def test_restoring_takes_a_fault_that_stays_for_a_network_failure(gcs_proxy, gcs_site, gcs_plain, gcs_bucket, fault):
    for step, key in ((LIST, ""), (MEDIA, KEY)):
        at(gcs_proxy, step, TRANSIENT[fault](FORMS[step]))
        error_line(expect(gcs_site.restore(), 2), "Barman cloud WAL restore exception", *names(fault, FORMS[step]),
                   gcs_bucket, key)
        assert gcs_site.restored() is None


@pytest.mark.parametrize("tenths", [0, 3, 9])
@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_download_that_is_cut_goes_on_where_it_was(gcs_proxy, gcs_site, gcs, gcs_kept, content, how, tenths):
    """And in the same generation, once something came of it."""
    at(gcs_proxy, MEDIA, faults.cut_response(tenths, with_reset=how == "reset"), times=1)
    expect(gcs_site.restore(), 0)
    assert gcs_site.restored() == content
    first, second = gcs_proxy.seen(*MEDIA)
    assert "generation" not in first.query
    if tenths:
        assert second.query["generation"] == gcs.stat(gcs_site.bucket, gcs_kept)["generation"]
    if tenths and how == "cut":
        assert int(second.header("range").removeprefix("bytes=").rstrip("-")) > 0


def test_a_download_that_is_cut_again_and_again_and_one_that_never_moves(gcs_proxy, gcs_site, gcs_plain, content):
    at(gcs_proxy, MEDIA, faults.cut_response(3), times=6)
    expect(gcs_site.with_env(TAPSTER_MAX_ATTEMPTS=10).restore(), 0)
    assert gcs_site.restored() == content
    starts = [int(request.header("range", "bytes=0-")[6:].rstrip("-")) for request in gcs_proxy.seen(*MEDIA)]
    assert starts == sorted(set(starts)) and len(starts) == 7
    gcs_site.destination.unlink()
    at(gcs_proxy, MEDIA, faults.cut_response(0))
    error_line(expect(gcs_site.restore(), 2), KEY)
    assert gcs_site.restored() is None


def test_two_generations_of_an_object_are_never_mixed(gcs_proxy, gcs_site, gcs, gcs_plain, content):
    """It is replaced while its download is interrupted: the generation that was begun is gone."""
    other = content[::-1]

    def replace(exchange):
        faults.cut_response(5)(exchange)
        gcs.put(gcs_site.bucket, KEY, other)
    at(gcs_proxy, MEDIA, replace, times=1)
    error_line(expect(gcs_site.restore(), 2, 4), KEY, "replaced")
    assert gcs_site.restored() is None
    expect(gcs_site.restore(), 0)
    assert gcs_site.restored() == other


def test_another_generation_than_the_one_asked_for_is_noticed(gcs_proxy, gcs_site, gcs_plain):
    def another(response):
        return Response(206, response.with_header("x-goog-generation", "1234").headers, bytes(len(response.body)))
    at(gcs_proxy, MEDIA, faults.cut_response(5), times=1)
    gcs_proxy.inject(faults.change_response(another), method=MEDIA[0], path=MEDIA[1])
    error_line(expect(gcs_site.restore(), 2, 4), KEY, "replaced")
    assert gcs_site.restored() is None


@pytest.mark.parametrize("position", [0.0, 0.6, 1.0])
def test_a_byte_that_is_changed_on_its_way_back_is_noticed(gcs_proxy, gcs_site, gcs_kept, content, position):
    """By the CRC-32C that the store keeps: the segment is not ours, and plain ones have nothing else."""
    at(gcs_proxy, MEDIA, faults.flip_byte(position))
    error_line(expect(gcs_site.restore(), 2, 4), gcs_kept)
    assert gcs_site.restored() is None
    gcs_proxy.rules.clear()
    expect(gcs_site.restore(), 0)
    assert gcs_site.restored() == content


def test_the_store_s_checksum_is_believed_more_than_the_bytes(gcs_proxy, gcs_site, gcs_plain):
    def other_sum(response):
        return response.with_header("x-goog-hash", "crc32c=AAAAAA==")
    at(gcs_proxy, MEDIA, faults.change_response(other_sum))
    error_line(expect(gcs_site.restore(), 4), KEY, "CRC-32C", "00000000")
    assert gcs_site.restored() is None


@pytest.mark.parametrize("difference", [4096, -100])
def test_a_wrong_length_is_noticed(gcs_proxy, gcs_site, gcs_plain, difference):
    at(gcs_proxy, MEDIA, faults.wrong_length(difference))
    error_line(expect(gcs_site.restore(), 2, 4), KEY)
    assert gcs_site.restored() is None


XML_REFUSALS = {
    "403": (refusals.forbidden("somebody", "storage.objects.get", KEY), ["AccessDenied", "storage.objects.get"]),
    "404 of the bucket": (NO_BUCKET, ["NoSuchBucket", "barman-cloud-check-wal-archive"]),
    "400": (refusals.invalid("no good"), ["InvalidArgument", "no good"]), "412": (refusals.trouble(412), ["412"])}


@pytest.mark.parametrize("refusal", XML_REFUSALS)
def test_restoring_does_not_take_a_refusal_for_absence(gcs_proxy, gcs_site, gcs_plain, gcs_bucket, refusal):
    made, mentioned = XML_REFUSALS[refusal]
    at(gcs_proxy, MEDIA, refuse(made, "xml"))
    error_line(expect(gcs_site.restore(), 4), *mentioned, REQUEST_ID, gcs_bucket, KEY)
    assert gcs_site.restored() is None and len(gcs_proxy.requests) <= 3, "a refusal is not retried"


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_listing_that_is_refused_proves_nothing(gcs_proxy, gcs_site, gcs_plain, gcs_bucket, refusal):
    made, mentioned = REFUSALS[refusal]
    at(gcs_proxy, LIST, refuse(made))
    error_line(expect(gcs_site.restore(), 4), *mentioned, REQUEST_ID, gcs_bucket)
    assert gcs_site.restored() is None and len(gcs_proxy.requests) == 1


@pytest.mark.parametrize("fault", [refuse(refusals.FrontEndRefusal(404, "Not Found", "What?")), trouble(501, "xml"),
                                   trouble(405, "xml")], ids=["page", "501", "405"])
def test_an_endpoint_without_downloads_by_the_xml_api(gcs_proxy, gcs_site, gcs, gcs_kept, content, fault):
    at(gcs_proxy, MEDIA, fault)
    gcs_proxy.inject(faults.cut_response(5), method="GET", path="alt=media", times=1)
    expect(gcs_site.restore(), 0)
    assert gcs_site.restored() == content
    first, second = gcs_proxy.seen(*MEDIA_JSON)
    assert "generation" not in first.query
    assert second.query["generation"] == gcs.stat(gcs_site.bucket, gcs_kept)["generation"]


def test_absence_is_proven(gcs_proxy, gcs_site, gcs, gcs_plain):
    for name in ("000000010000000000000009", "00000009.history", SEGMENT + ".00000028.backup"):
        done = expect(gcs_site.restore(name=name), 1)
        assert lines(done, "ERROR") == [] and gcs_site.restored() is None
    missing = gcs_site.on(gcs, gcs_proxy.endpoint, "no-such-bucket-at-all")
    error_line(expect(missing.restore(), 4), "notFound", "HTTP 404", "no-such-bucket-at-all")
    # Listed, and gone at the download; and 404s that do not say of what: neither proves anything.
    at(gcs_proxy, MEDIA, refuse(refusals.no_such_object(gcs_site.bucket, KEY), "xml"))
    error_line(expect(gcs_site.restore(), 4), KEY)
    at(gcs_proxy, MEDIA, trouble(404))
    gcs_proxy.inject(trouble(404), method="GET", path="alt=media")
    error_line(expect(gcs_site.restore(), 4), "notFound", KEY)
    assert gcs_site.restored() is None


@pytest.mark.parametrize("fault", [trouble(403), trouble(503), trouble(404), faults.reset(), refuse(NO_BUCKET)])
def test_absence_is_never_guessed(gcs_proxy, gcs_site, fault):
    """Nothing is in the archive, but no failure may look like that."""
    gcs_proxy.inject(fault)
    expect(gcs_site.restore(), 2, 4)
    assert gcs_site.restored() is None


@pytest.mark.parametrize("tenths", [None, 5])
def test_restoring_ends_a_stall_by_the_read_timeout(gcs_proxy, gcs_site, gcs_plain, content, tenths):
    at(gcs_proxy, MEDIA, faults.stall(20, tenths), times=1)
    began = time.monotonic()
    expect(gcs_site.restore("--read-timeout", "3"), 0)
    assert gcs_site.restored() == content and time.monotonic() - began < 10
    at(gcs_proxy, MEDIA, faults.stall(20))
    gcs_site.destination.unlink()
    error_line(expect(gcs_site.restore("--read-timeout", "1"), 2), "time", KEY)
    assert gcs_site.restored() is None and time.monotonic() - began < 20


def test_restoring_from_a_slow_store_is_no_stall(gcs_proxy, gcs_site, gcs_plain, content):
    at(gcs_proxy, MEDIA, faults.slow_response(24 * 1024))
    expect(gcs_site.restore("--read-timeout", "2"), 0)
    assert gcs_site.restored() == content


def test_an_old_destination_survives_a_failure_and_is_replaced_by_success(gcs_proxy, gcs_site, gcs_plain, content):
    gcs_site.destination.write_bytes(b"old")
    for fault, status in ((faults.cut_response(5), 2), (faults.flip_byte(), 4)):
        at(gcs_proxy, MEDIA, faults.cut_response(0) if status == 2 else fault)
        expect(gcs_site.restore(), status)
        assert gcs_site.restored() == b"old"
    gcs_proxy.rules.clear()
    expect(gcs_site.restore(), 0)
    assert gcs_site.restored() == content
