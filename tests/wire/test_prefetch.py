"""wal-restore -p N with its background process: what it fetches, that it disturbs nobody, and how it ends."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import pytest

from support import faults
from support.http_server import Request
from support.replay import Fetchers, Replay, content_of, name_of, until
from support.scripted_objects import StoredObject
from support.site import error_line, expect, wal_key


@pytest.fixture
def fetchers(tmp_path):
    found = Fetchers(tmp_path, adopted=True)
    yield found
    found.close()


@pytest.fixture
def archive(scripted):
    """archive(numbers, timeline=1): stores these segments."""
    def add(numbers, timeline=1):
        for number in numbers:
            scripted.buckets["wals"][wal_key(name_of(number, timeline))] = StoredObject(
                content_of(number, timeline), Request("PUT", "", []))
    return add


@pytest.fixture
def replay(site_on, scripted, fetchers):
    return Replay(site_on(scripted))


class Crowd:
    """Holds downloads until as many are under way as are expected."""

    def __init__(self, expected):
        self.expected, self.now, self.most, self.lock = expected, 0, 0, threading.Lock()
        self.complete = threading.Event()

    def __call__(self, exchange):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now >= self.expected:
                self.complete.set()
        self.complete.wait(60)
        exchange.send(exchange.answer())
        with self.lock:
            self.now -= 1


def test_a_long_replay_is_one_download_for_each_segment(replay, scripted, archive, fetchers):
    archive(range(1, 25))
    replay.replay([1])
    until(lambda: len(replay.waiting()) == 4)  # else the second request, too, may be made by the one who asks
    replay.replay(range(2, 25))
    for number in range(1, 25):
        assert len(scripted.seen("GET", name_of(number) + "$")) == 1
    until(lambda: not fetchers.alive())
    assert replay.note() == f"nothing more: {name_of(25)} is not in the archive\n"
    # For the first one, and for what is behind the last one: by as many as were under way, and when that has been taken.
    listings = [request.query["prefix"] for request in scripted.seen("GET", "list-type")]
    assert listings[0].endswith(name_of(1)) and 2 <= len(listings) <= 6
    assert all(prefix[-24:] > name_of(24) for prefix in listings[1:])
    assert replay.files() == ["fetcher", "form", "position"]


@pytest.mark.parametrize("parallel", [3, 8])
def test_as_many_downloads_at_once_as_were_asked_for_and_no_more(replay, scripted, archive, parallel):
    archive(range(1, 30))
    replay.parallel, crowd, ahead = parallel, Crowd(parallel), range(2 + parallel, 2 + 2 * parallel)
    replay.replay([1])
    until(lambda: len(replay.waiting()) == parallel)
    scripted.inject(crowd, method="GET", path="|".join(name_of(number) + "$" for number in range(2 + parallel, 30)))
    replay.replay(range(2, 2 + parallel))  # from the spool, while downloads are held
    until(lambda: len(replay.waiting()) == parallel)
    assert crowd.complete.is_set() and crowd.most == parallel
    assert replay.waiting() == [name_of(number) for number in ahead]
    assert not scripted.seen("GET", name_of(2 + 2 * parallel) + "$")


def test_a_segment_in_the_spool_costs_no_request_no_library_and_no_credentials(replay, scripted, archive, fetchers):
    archive(range(1, 6))
    replay.replay([1])
    until(lambda: len(replay.waiting()) == 4)
    bare = replay.site.with_env(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_CA_BUNDLE=None, LD_DEBUG="files")
    result = expect(replay.restore(2, site=bare), 0)
    assert replay.site.restored() == content_of(2)
    assert "libc.so" in result.stderr and "libcurl" not in result.stderr and "libcrypto" not in result.stderr
    assert len(scripted.seen("GET", name_of(2) + "$")) == 1


def test_a_request_waits_for_what_is_on_its_way(replay, scripted, archive):
    archive([1, 2])
    crowd = Crowd(2)  # nobody else comes: the test lets go
    scripted.inject(crowd, method="GET", path=name_of(2) + "$", times=1)
    replay.replay([1])
    until(lambda: name_of(2) + ".coming" in replay.files() and crowd.now)
    waiting = threading.Thread(target=replay.replay, args=([2],))
    waiting.start()
    waiting.join(0.5)
    assert waiting.is_alive()
    crowd.complete.set()
    waiting.join(60)
    assert replay.site.restored() == content_of(2)
    assert len(scripted.seen("GET", name_of(2) + "$")) == 1


def test_the_process_disturbs_nobody(replay, archive, fetchers):
    archive(range(1, 9))
    replay.replay([1])  # and returned, though its output was a pipe
    pid = fetchers.one()
    process = pathlib.Path(f"/proc/{pid}")
    until(lambda: len(replay.waiting()) == 4)
    assert os.getsid(pid) not in (pid, os.getsid(0)) and os.readlink(process / "cwd") == "/"
    assert (process / "comm").read_text() == "wal-prefetch\n"
    descriptors = {}
    for path in (process / "fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since
            descriptors[int(path.name)] = os.readlink(path)
    assert [descriptors[number] for number in range(3)] == ["/dev/null"] * 3
    assert not [target for target in descriptors.values() if target.startswith("pipe:")]
    assert replay.site.run.environment["AWS_SECRET_ACCESS_KEY"] not in (process / "cmdline").read_text()
    assert replay.note() == f"process {pid}\n"
    replay.replay([2])
    assert fetchers.alive() == [pid]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSEGV])
def test_signals_end_it_with_a_status_that_no_postmaster_minds(replay, archive, fetchers, number):
    archive(range(1, 9))
    replay.replay([1])
    until(lambda: len(replay.waiting()) == 4)
    pid = fetchers.one()
    os.kill(pid, number)
    status = fetchers.status(pid)
    assert os.WIFEXITED(status) and os.WEXITSTATUS(status) == (1 if number == signal.SIGSEGV else 0)
    replay.replay([2])
    assert fetchers.one() != pid


def test_it_ends_by_itself_with_0(replay, archive, fetchers):
    archive([1, 2])
    replay.replay([1])
    assert fetchers.status() == 0
    assert replay.waiting() == [name_of(2)]


def test_it_ends_when_the_data_directory_is_gone(replay, archive, fetchers):
    archive(range(1, 9))
    replay.replay([1])
    pid = fetchers.one()
    shutil.rmtree(replay.site.destination.parent)
    assert fetchers.status(pid) == 0


def test_one_that_is_killed_leaves_nothing_that_lasts(replay, scripted, archive, fetchers):
    archive(range(1, 9))
    scripted.inject(faults.stall(30, 5), method="GET", path=name_of(2) + "$", times=1)
    replay.replay([1])
    pid = fetchers.one()
    until(lambda: name_of(2) + ".coming" in replay.files())
    os.kill(pid, signal.SIGKILL)
    fetchers.status(pid)
    (replay.folder() / ".tapster-new-0123456789abcdef").write_bytes(b"half a segment")
    replay.replay([2])
    until(lambda: len(replay.waiting()) == 4)
    assert not [name for name in replay.files() if name.startswith(".") or name == name_of(2) + ".coming"]
    assert fetchers.one() != pid


def test_another_timeline_and_an_older_segment_move_the_window(replay, archive, fetchers):
    archive(range(1, 20))
    archive(range(12, 30), timeline=2)
    for number in (10, 11):
        replay.replay([number])
        until(lambda: replay.waiting() == [name_of(next_one) for next_one in range(number + 1, number + 5)])
    pid = fetchers.one()
    expect(replay.site.restore("-p", "4", "--spool-dir", replay.spool, name="00000002.history"), 1)
    assert name_of(12) in replay.waiting()
    replay.replay([12], timeline=2)
    until(lambda: replay.waiting() == [name_of(number, 2) for number in range(13, 17)])
    replay.replay([3])
    until(lambda: replay.waiting() == [name_of(number) for number in range(4, 8)])
    assert fetchers.alive() == [pid]


def test_damage_in_the_archive_is_reported_by_the_request(replay, scripted, archive, fetchers):
    archive(range(1, 6))
    scripted.buckets["wals"][wal_key(name_of(3))].headers["x-amz-meta-tapster-crc64nvme"] = "0" * 16
    replay.replay([1])
    assert fetchers.status() == 0
    assert name_of(2) in replay.waiting() and name_of(3) not in replay.waiting() and "failed: " in replay.note()
    replay.replay([2])
    error_line(expect(replay.restore(3), 4), name_of(3), "damaged")


def test_an_archive_that_grows_is_found_to_have_grown_at_once(replay, archive, fetchers):
    archive([1])
    replay.replay([1])
    until(lambda: "fetcher" in replay.files() and replay.note().startswith("nothing more: "))
    for _ in range(2):
        expect(replay.restore(2), 1)
    archive([2, 3])
    replay.replay([2])
    until(lambda: replay.waiting() == [name_of(3)])
    replay.replay([3])


def test_two_servers_share_a_spool_directory(site_on, scripted, archive, fetchers, tmp_path):
    archive(range(1, 9))
    servers = []
    for name in ("one", "two"):
        site = site_on(scripted)
        site.destination = tmp_path / name / "RECOVERYXLOG"
        site.destination.parent.mkdir()
        servers.append(Replay(site))
    servers[0].replay([1, 2])
    servers[1].replay([5, 6])
    until(lambda: len(fetchers.alive()) == 1)  # the second one's came to the end of the archive
    assert len(list((tmp_path / "spool").iterdir())) == 2
    servers[0].replay(range(3, 9))
    servers[1].replay([7, 8])


def test_two_restores_at_once_in_one_directory(replay, archive, fetchers):
    archive(range(1, 17))
    wrong = []

    def other():
        target = replay.site.destination.with_name("OTHER")
        for number in range(1, 17):
            result = replay.site.restore("-p", "4", "--spool-dir", replay.spool, name=name_of(number), destination=target)
            if result.returncode != 0 or target.read_bytes() != content_of(number):
                wrong.append((number, result))
    thread = threading.Thread(target=other)
    thread.start()
    for number in range(1, 17):
        expect(replay.restore(number), 0)
        assert replay.site.destination.read_bytes() == content_of(number)
    thread.join(60)
    assert not wrong


@pytest.mark.parametrize("state", ["full", "read-only"])
def test_a_spool_that_takes_nothing_is_done_without(replay, archive, fetchers, tmp_path, state):
    """A tmpfs, for which the test must be root (as in CI)."""
    archive(range(1, 9))
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2200k", "tmpfs", str(small)], check=True)
    try:
        replay.spool = small / "spool"
        if state == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        replay.replay([1])
        if state == "full":
            assert fetchers.status() == 0
            assert "failed: " in replay.note() and "space" in replay.note()
            assert not [name for name in replay.files() if name.startswith(".") or name.endswith(".coming")]
        replay.replay(range(2, 9))
        assert state == "full" or not fetchers.alive()
    finally:
        fetchers.close()
        subprocess.run(["umount", str(small)], check=True)


def test_pg_rewind_starts_none(replay, archive, fetchers):
    archive(range(1, 9))
    expect(replay.site.restore("-p", "4", "--spool-dir", replay.spool, name=name_of(5),
                               destination=replay.site.destination.with_name(name_of(5))), 0)
    assert not fetchers.alive() and replay.files() == ["form"]
