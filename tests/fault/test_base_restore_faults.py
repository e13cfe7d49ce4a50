"""Restoring a base backup while the network, the gateway or the disk fail.

2 when trying again may help, 4 for refusals and damage, 1 for a backup that is not there. Afterwards the same command
either goes on and succeeds, or says what to remove; in the end every file is as it was stored.
"""
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import types
import uuid

import pytest

from support import faults
from support.backups import Place, succeeds
from support.http_server import Response
from support.postgres import until
from support.s3 import S3
from support.site import lines

ARCHIVE = r"/data\.tar"
INFO = r"/backup\.info"
LISTING = "list-type"


def contents(data):
    """Every file below PGDATA and its tablespaces, by digest."""
    found = {}
    for folder, _, names in os.walk(data, followlinks=True):
        for name in names:
            path = pathlib.Path(folder, name)
            found[str(path.relative_to(data))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture(scope="module")
def kept(source, rgw):
    """One backup of the cluster, plain, and what is in it."""
    client = S3(rgw["S3_ENDPOINT"], rgw["AWS_ACCESS_KEY_ID"], rgw["AWS_SECRET_ACCESS_KEY"])
    bucket = f"test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(bucket)
    place = Place(f"s3://{bucket}/some/folder", rgw["S3_ENDPOINT"])
    source.host.archive_to(place)
    backup_id = source.host.ours.taken(place, source.cluster)
    compressed = source.host.ours.taken(place, source.cluster, "--gzip")
    source.host.archive_nowhere()
    target = Target(source.host, place, backup_id)
    succeeds(target.restore(place))
    expected = contents(target.data)
    target.clear()
    yield types.SimpleNamespace(place=place, id=backup_id, compressed=compressed, expected=expected, client=client,
                                bucket=bucket)
    client.remove_bucket(bucket)


class Target:
    """Where to restore to: PGDATA and two tablespaces."""

    def __init__(self, host, place, backup_id):
        self.host, self.place, self.id = host, place, backup_id
        self.parent = host.folder / "target"
        self.parent.mkdir(exist_ok=True)
        host.own(self.parent)
        self.data = self.parent / "data"

    def after(self):
        return [self.id, self.data]

    def options(self):
        return [word for name in ("outside", "second") for word in ("--tablespace", f"{name}:{self.parent}/{name}")]

    def restore(self, place=None, *options, **named):
        return self.host.ours("restore", place or self.place, *self.options(), *options, after=self.after(), **named)

    def clear(self):
        for path in self.parent.iterdir():
            shutil.rmtree(path)


@pytest.fixture
def target(source, kept, proxy):
    target = Target(source.host, kept.place.through(proxy.endpoint), kept.id)
    yield target
    target.clear()


@pytest.fixture
def whole(kept, target):
    def check():
        found = contents(target.data)
        assert found.keys() == kept.expected.keys()
        assert {name for name in found if found[name] != kept.expected[name]} == set()
    return check


@pytest.fixture
def recovers(kept, target, proxy, whole):
    """After a failure: the same command again, and once more after removing what it asks to remove."""
    def check(whole=whole):
        proxy.rules.clear()
        again = target.restore()
        if again.returncode != 0:
            assert str(target.parent) in "\n".join(lines(again, "ERROR")), again.stderr
            target.clear()
            succeeds(target.restore())
        if whole:
            whole()
    return check


def failed(done, statuses, *mentioned):
    assert done.returncode in statuses, f"exit {done.returncode}, wanted {statuses}: {done.stderr}"
    errors = lines(done, "ERROR")
    assert len(errors) == 1 and "Traceback" not in done.stderr, done.stderr
    missing = [word for word in mentioned if str(word).lower() not in errors[0].lower()]
    assert not missing, f"{missing} not in: {errors[0]}"


TRANSIENT = {
    "reset before the request": faults.reset(), "reset after the request": faults.reset_after_request(),
    "cut at 3/10": faults.cut_response(3), "reset at 5/10": faults.cut_response(5, with_reset=True),
    "cut at 9/10": faults.cut_response(9), "500": faults.refuse(500, "InternalError"), "503": faults.slow_down(),
    "429 with Retry-After": faults.throttled(retry_after=0)}


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_happens_once_at_every_step_is_survived(proxy, target, whole, fault):
    for path in (LISTING, INFO, r"/\d+\.tar"):
        proxy.inject(TRANSIENT[fault], method="GET", path=path, times=1)
    for nth in (1, 4):  # ranges: the second rule does not count what the first one took
        proxy.inject(TRANSIENT[fault], method="GET", path=ARCHIVE, nth=nth - 1 or 1, times=1)
    assert lines(succeeds(target.restore(AWS_MAX_ATTEMPTS=5)), "ERROR") == []  # one range may meet all of them
    assert [rule.seen >= rule.nth for rule in proxy.rules] == [True] * 5, "not every fault was met"
    whole()


@pytest.mark.parametrize("path", [LISTING, INFO, ARCHIVE, r"/\d+\.tar"])
@pytest.mark.parametrize("fault", ["503", "reset after the request", "cut at 3/10"])
def test_a_fault_that_stays_is_a_network_failure(proxy, target, recovers, path, fault):
    # A cut answer makes no progress only when nothing arrives at all.
    proxy.inject(faults.cut_response(0) if fault.startswith("cut") else TRANSIENT[fault], method="GET", path=path)
    failed(target.restore(), (2,), *(["SlowDown"] if fault == "503" else []))
    recovers()


@pytest.mark.parametrize("path", [LISTING, INFO, ARCHIVE])
@pytest.mark.parametrize("status, code", [(403, "AccessDenied"), (404, "NoSuchBucket"), (400, "InvalidArgument")])
def test_a_refusal_is_final(proxy, target, recovers, path, status, code):
    proxy.inject(faults.refuse(status, code), method="GET|HEAD", path=path)
    failed(target.restore(), (4,), code)
    recovers()


@pytest.mark.parametrize("nth", [1, 3])
def test_an_archive_that_disappears_on_the_way(proxy, target, recovers, nth):
    proxy.inject(faults.refuse(404, "NoSuchKey"), method="GET|HEAD", path=ARCHIVE, nth=nth)
    failed(target.restore(), (1, 4), "data.tar")
    recovers()


def test_a_download_that_is_cut_again_and_again_goes_on(proxy, target, whole):
    proxy.inject(faults.cut_response(4), method="GET", path=ARCHIVE, times=12)
    succeeds(target.restore(AWS_MAX_ATTEMPTS=10))
    whole()


def test_two_versions_of_an_archive_are_never_mixed(proxy, target, recovers):
    def another(response):
        return Response(response.status, response.with_header("ETag", '"another"').headers, bytes(len(response.body)))
    proxy.inject(faults.change_response(another), method="GET", path=ARCHIVE, nth=3)
    failed(target.restore(), (2, 4), "data.tar")
    recovers()


def test_a_store_that_ignores_ranges_is_not_believed(proxy, target, recovers, whole):
    def everything(exchange):
        exchange.request.headers = [pair for pair in exchange.request.headers if pair[0].lower() != "range"]
        exchange.send(exchange.answer())
    proxy.inject(everything, method="GET", path=ARCHIVE, nth=2)
    done = target.restore()
    if done.returncode == 0:
        whole()
    else:
        failed(done, (2, 4), "data.tar")
        recovers()


@pytest.mark.parametrize("tenths", [None, 5])
def test_a_stall_is_ended_by_the_read_timeout(proxy, target, whole, tenths):
    proxy.inject(faults.stall(60, tenths), method="GET", path=ARCHIVE, nth=2, times=1)
    began = time.monotonic()
    succeeds(target.restore(None, "--read-timeout", "5"))
    assert time.monotonic() - began < 50
    whole()


def test_a_stall_that_stays_is_a_network_failure(proxy, target, recovers):
    proxy.inject(faults.stall(60), method="GET", path=ARCHIVE)
    began = time.monotonic()
    failed(target.restore(None, "--read-timeout", "1"), (2,), "time")
    assert time.monotonic() - began < 30
    recovers()


def test_a_slow_range_is_no_stall(proxy, target, whole):
    proxy.inject(faults.slow_response(1024 * 1024), method="GET", path=ARCHIVE, nth=2, times=1)
    succeeds(target.restore(None, "--read-timeout", "2"))
    whole()


@pytest.mark.parametrize("missing", ["backup.info", "data.tar", "tablespace"])
def test_a_backup_that_is_not_whole_is_refused_before_the_first_byte(proxy, target, kept, missing):
    """As seen through the listing and the object itself: 404 for one, and no line of it in the other."""
    name = missing if missing != "tablespace" else next(
        key.rpartition("/")[2] for key in kept.client.keys(kept.bucket) if key.rpartition("/")[2][0].isdigit()
        and key.endswith(".tar"))

    line = re.compile(rb"<Contents>(?:(?!</Contents>).)*(?:/|%2F)" + re.escape(name).encode()
                      + rb"</Key>.*?</Contents>", re.S)

    def without(response):
        return Response(response.status, response.headers, line.sub(b"", response.body))
    proxy.inject(faults.change_response(without), method="GET", path=LISTING)
    proxy.inject(faults.refuse(404, "NoSuchKey"), method="GET|HEAD", path="/" + name.replace(".", r"\."))
    failed(target.restore(), (1,), kept.id)
    assert list(target.parent.iterdir()) == []


def test_nobody_listens(target, kept):
    failed(target.restore(Place(kept.place.url, "http://127.0.0.1:1")), (2,))
    assert list(target.parent.iterdir()) == []


@pytest.fixture
def small_disk(target):
    """A file system of 16 MiB, which can grow, to restore to; only root can mount (as in CI)."""
    options = f"size=16m,uid={target.host.identity['user']},gid={target.host.identity['group']}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(target.parent)], check=True)
    yield lambda: subprocess.run(["mount", "-o", "remount,size=500m", str(target.parent)], check=True)
    subprocess.run(["umount", str(target.parent)], check=True)


def test_a_disk_that_is_too_small_for_what_is_stored_is_refused_before_the_first_byte(target, small_disk, whole):
    failed(target.restore(), (1,), "free", str(target.parent))
    assert list(target.parent.iterdir()) == []
    small_disk()
    succeeds(target.restore())
    whole()


def test_a_disk_that_becomes_full_on_the_way(target, kept, small_disk, recovers):
    """A compressed backup: how much room it needs is only known in the end."""
    target.id = kept.compressed
    failed(target.restore(), (4,), "space", str(target.parent))
    small_disk()
    recovers(whole=False)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_restore_that_is_ended_by_a_signal_can_be_done_again(proxy, target, recovers, number):
    proxy.inject(faults.stall(60, 5), method="GET", path=ARCHIVE, nth=3, times=1)
    process = target.host.ours.start("restore", target.place, *target.options(), after=target.after())
    until(lambda: len(proxy.seen("GET", ARCHIVE)) >= 3 or process.poll() is not None, "the third range")
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    recovers()
