"""backup-delete on the fake of Google Cloud Storage while listings, batches and single deletions fail: what is left, what
is said, and that the next run finishes."""
import re

import pytest

from support import faults
from support.gcs import REQUEST_ID, refuse, trouble
from support.gcs_server import refusals
from support.http_server import Response
from support.site import SERVER, error_line, expect, lines
from support.stored_backups import three_backups, wal_key, wal_name

BATCH, SINGLE = ("POST", "^/batch/"), ("DELETE", "/storage/v1/b/")
CATALOGUE, WAL = ("GET", r"/o\?.*prefix=main%2Fbase"), ("GET", r"/o\?.*prefix=main%2Fwals")
STUBBORN = wal_key(wal_name(1, 0, 1), ".gz")
NOW = [("Retry-After", "0")]


@pytest.fixture
def three(gcs, gcs_bucket):
    ids, objects = three_backups(archives=("data.tar", "data_0001.tar"))
    for key, text in objects.items():
        gcs.put(gcs_bucket, key, text.encode())
    return ids


@pytest.fixture
def delete(gcs_site):
    return lambda *options: gcs_site.run("backup-delete", *options, f"gs://{gcs_site.bucket}", SERVER)


@pytest.fixture
def left(gcs, gcs_bucket):
    """What is in the bucket: (ids whose backup.info is there, logs of which there is WAL)."""
    def look():
        keys = gcs.keys(gcs_bucket)
        return (sorted(key.split("/")[2] for key in keys if key.endswith("/backup.info")),
                sorted({int(match[1], 16) for key in keys if (match := re.search(r"/wals/00000001(\w{8})/", key))}))
    return look


@pytest.mark.parametrize("fault", [trouble(400), refuse(refusals.FrontEndRefusal(404, "Not Found", "What?")),
                                   trouble(405), trouble(501)], ids=["400", "404", "405", "501"])
def test_a_store_that_refuses_batches_deletes_one_by_one(gcs_proxy, three, delete, left, fault):
    gcs_proxy.inject(fault, method=BATCH[0], path=BATCH[1])
    expect(delete("--retention-policy", "RECOVERY WINDOW OF 30 DAYS"), 0)
    assert left() == (three[1:], [2, 3])
    assert len(gcs_proxy.seen(*BATCH)) == 1 and gcs_proxy.seen(*SINGLE)  # it is not asked again and again


@pytest.mark.parametrize("fault", [faults.lose_answer(), faults.reset_after_request(), trouble(503, headers=NOW),
                                   trouble(429, headers=NOW), faults.cut_response(5)],
                         ids=["lost", "reset", "503", "429", "cut"])
def test_a_batch_that_fails_once_is_repeated(gcs_proxy, three, delete, left, fault):
    """What the first attempt has deleted is gone for the second, which is no error."""
    gcs_proxy.inject(fault, method=BATCH[0], path=BATCH[1], times=1)
    assert lines(expect(delete("-b", three[0]), 0), "ERROR") == []
    assert left() == (three[1:], [2, 3])


@pytest.mark.parametrize("fault, mentioned", [(trouble(503), "backendError"), (trouble(403), "forbidden")], ids=["503", "403"])
def test_a_batch_that_fails_for_ever_keeps_backup_info_and_wal(gcs_proxy, three, delete, left, fault, mentioned):
    gcs_proxy.inject(fault, method=BATCH[0], path=BATCH[1])
    done = delete("-b", three[0])
    assert done.returncode != 0 and mentioned in done.stderr and REQUEST_ID in done.stderr, done.stderr
    assert left() == (three, [0, 1, 2, 3])
    gcs_proxy.rules.clear()
    expect(delete("-b", three[0]), 0)
    assert left() == (three[1:], [2, 3])


def sub_answer(key, refusal):
    """The batch is carried out but for the deletion of one key, for which there is this answer; None: there is none."""
    def fault(exchange):
        exchange.read_body()
        parts = exchange.request.raw_body.split(b"--tapster-batch")
        [number] = [at for at, part in enumerate(parts) if key.replace("/", "%2F").encode() in part] or [None]
        if number is None:
            exchange.send(exchange.answer())
            return
        label = re.search(rb"Content-ID: <(.*?)>", parts.pop(number))[1]
        exchange.request.raw_body = b"--tapster-batch".join(parts)
        exchange.request.headers = [(name, str(len(exchange.request.raw_body)) if name.lower() == "content-length" else value)
                                    for name, value in exchange.request.headers]
        answer = exchange.answer()
        border = answer.header("content-type").partition("boundary=")[2].encode()
        added = b""
        if refusal:
            said = refusal.response("json")
            added = (b"--" + border + b"\r\nContent-Type: application/http\r\nContent-ID: <response-" + label + b">\r\n\r\n"
                     b"HTTP/1.1 %d Refused\r\nContent-Type: application/json\r\n\r\n" % said.status + said.body + b"\r\n")
        exchange.send(Response(answer.status, answer.headers, added + answer.body))
    return fault


def test_one_key_of_a_batch_that_stays_is_reported_and_the_others_go(gcs_proxy, three, delete, left, gcs, gcs_bucket):
    gcs_proxy.inject(sub_answer(STUBBORN, refusals.forbidden("somebody", "storage.objects.delete", STUBBORN)),
                     method=BATCH[0], path=BATCH[1])
    done = expect(delete("-b", three[0]), 1)
    for word in (STUBBORN, "forbidden", "storage.objects.delete", "grant the permission"):
        assert word in "\n".join(lines(done, "ERROR"))
    assert left() == (three[1:], [0, 2, 3]) and STUBBORN in gcs.keys(gcs_bucket)
    gcs_proxy.rules.clear()
    expect(delete("-b", three[1]), 0)
    assert left() == (three[2:], [3])


@pytest.mark.parametrize("refusal", [refusals.trouble(503), refusals.trouble(429), refusals.trouble(500), None],
                         ids=["503", "429", "500", "none"])
def test_one_key_of_a_batch_that_fails_is_deleted_alone(gcs_proxy, three, delete, left, refusal):
    gcs_proxy.inject(sub_answer(STUBBORN, refusal), method=BATCH[0], path=BATCH[1])
    assert lines(expect(delete("-b", three[0]), 0), "ERROR") == []
    assert left() == (three[1:], [2, 3])
    [alone] = gcs_proxy.seen("DELETE", STUBBORN.replace("/", "%2F"))
    assert "/o/" in alone.target


def test_an_archive_that_stays_keeps_backup_info_and_wal(gcs_proxy, three, delete, left):
    gcs_proxy.inject(trouble(501), method=BATCH[0], path=BATCH[1])
    gcs_proxy.inject(trouble(403), method="DELETE", path=rf"{three[0]}%2Fdata\.tar", times=1)
    done = expect(delete("-r", "REDUNDANCY 1"), 1)
    assert f"{three[0]}/data.tar" in done.stderr and REQUEST_ID in done.stderr
    assert left() == ([three[0], three[2]], [0, 1, 2, 3])
    expect(delete("-r", "REDUNDANCY 1"), 0)
    assert left() == (three[2:], [3])


def test_single_deletions_that_are_lost_or_refused_once(gcs_proxy, three, delete, left):
    gcs_proxy.inject(trouble(501), method=BATCH[0], path=BATCH[1])
    gcs_proxy.inject(faults.lose_answer(), method="DELETE", path=rf"{three[0]}%2Fdata\.tar", times=1)
    gcs_proxy.inject(trouble(503, headers=NOW), method="DELETE", path=rf"{three[0]}%2Fbackup\.info", times=1)
    gcs_proxy.inject(trouble(404), method="DELETE", path="wals", times=1)  # of what, it does not say; it is there
    done = delete("-b", three[0])
    assert done.returncode == 1 and len(lines(done, "ERROR")) >= 1 and "notFound" in done.stderr, done.stderr
    assert left()[0] == three[1:]
    gcs_proxy.rules.clear()
    expect(delete("-b", three[1]), 0)
    assert left() == (three[2:], [3])


@pytest.mark.parametrize("fault, code", [(trouble(503), "backendError"), (trouble(403), "forbidden")], ids=["503", "403"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_page_of_the_catalogue_that_fails_deletes_nothing(gcs_proxy, gcs, gcs_bucket, three, delete, left, fault, code, nth):
    gcs.page_size(gcs_bucket, 2)
    gcs_proxy.inject(fault, method=CATALOGUE[0], path=CATALOGUE[1], nth=nth)
    error_line(expect(delete("-r", "REDUNDANCY 1"), 4), "objects.list", code, REQUEST_ID, gcs_bucket)
    assert left() == (three, [0, 1, 2, 3])


@pytest.mark.parametrize("nth", [1, 2])
def test_a_page_of_the_wal_that_fails_once_or_to_the_end(gcs_proxy, gcs, gcs_bucket, three, delete, left, nth):
    gcs.page_size(gcs_bucket, 3)
    gcs_proxy.inject(trouble(503, headers=NOW), method=WAL[0], path=WAL[1], nth=nth, times=1)
    expect(delete("-b", three[0]), 0)
    assert left() == (three[1:], [2, 3])
    gcs_proxy.rules.clear()
    gcs_proxy.inject(trouble(503), method=WAL[0], path=WAL[1], nth=nth)
    error_line(expect(delete("-b", three[1]), 1), "Could not list all WAL")
    assert left() == (three[2:], [2, 3])


def test_batches_are_of_a_hundred(gcs, gcs_bucket, gcs_site, delete, left):
    ids, objects = three_backups()
    objects |= {wal_key(wal_name(1, 0, segment)): "x" for segment in range(2, 256)}
    for key, text in objects.items():
        gcs.put(gcs_bucket, key, text.encode())
    gcs.page_size(gcs_bucket, 70)
    mark = gcs.mark()
    expect(delete("-b", ids[0]), 0)
    assert left() == (ids[1:], [2, 3])
    calls = [len(entry["calls"]) for entry in gcs.requests(mark, gcs_bucket, "POST") if "calls" in entry]
    assert max(calls) == 100 and sum(calls) >= 256 + 2
