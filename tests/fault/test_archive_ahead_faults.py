"""wal-archive --parallel while the network and the store misbehave: the exit status is that of the requested segment
alone, what is claimed to be stored is stored, and the next runs put everything right.
"""
import random
import signal
import subprocess
import time

import pytest

from support import faults
from support.postgres import until
from support.segments import segment_bytes
from support.site import error_line, expect, lines, wal_key

MIB = 1 << 20
NUMBERS = range(1, 7)


def name(number):
    return f"00000001{number:016X}"


@pytest.fixture(scope="session")
def template():
    return segment_bytes(seed=6, size=MIB)


class Cluster:
    """Six segments that are ready."""

    def __init__(self, site, store, template):
        self.site, self.store = site, store
        self.contents = {number: template[:-4] + number.to_bytes(4, "little") for number in NUMBERS}
        for number, content in self.contents.items():
            path = site.segment(content, name(number))
            (path.parent / "archive_status").mkdir(exist_ok=True)
            (path.parent / "archive_status" / f"{path.name}.ready").touch()

    def arguments(self, number):
        site = self.site
        return ["--parallel", "4", "--spool-dir", site.folder / "spool", "-v", "--endpoint-url", site.endpoint,
                f"s3://{site.bucket}", "main", site.folder / "pg_wal" / name(number)]

    def turn_of(self, number, status=0):
        result = expect(self.site.run("wal-archive", *self.arguments(number)), status)
        if status == 0:
            assert self.stored(number), "success was claimed for what is not stored"
        return result

    def stored(self, number):
        found = self.store.buckets["wals"].get(wal_key(name(number)))
        assert found is None or found.body == self.contents[number], "half, or something else, was stored"
        return found is not None

    def requested_last(self, *others):
        """The first segment's upload is answered when these are stored: on a busy machine, too, they have the time."""
        def hold(exchange):
            exchange.read_body()
            until(lambda: all(self.stored(number) for number in others), "the others to be stored")
            exchange.send(exchange.answer())
        self.store.inject(hold, method="PUT", path=name(1))

    def all_turns(self):
        self.store.rules.clear()
        for number in NUMBERS:
            self.turn_of(number)
        assert len(self.store.buckets["wals"]) == len(NUMBERS)


@pytest.fixture
def cluster(site_on, scripted, template):
    return Cluster(site_on(scripted), scripted, template)


@pytest.mark.parametrize("fault, mentioned", [
    (faults.refuse(403, "AccessDenied"), "AccessDenied"), (faults.reset(), name(1)), (faults.slow_down(), "SlowDown"),
    (faults.cut_request(5), name(1))], ids=["403", "reset", "503", "cut"])
def test_the_requested_segment_fails(cluster, scripted, fault, mentioned):
    scripted.inject(fault, method="PUT", path=name(1))
    began = time.monotonic()
    error_line(cluster.turn_of(1, 4), mentioned)
    assert time.monotonic() - began < 15
    assert not cluster.stored(1)
    cluster.all_turns()


def test_the_requested_segment_fails_at_once_while_the_others_hang(cluster, scripted):
    scripted.inject(faults.refuse(403, "AccessDenied"), method="PUT", path=name(1))
    scripted.inject(faults.stall(30), method="PUT")
    began = time.monotonic()
    error_line(cluster.turn_of(1, 4), "AccessDenied")
    assert time.monotonic() - began < 10
    cluster.all_turns()


@pytest.mark.parametrize("fault", [
    faults.refuse(403, "AccessDenied"), faults.refuse(400, "InvalidArgument"), faults.reset(), faults.slow_down(),
    faults.error_with_200(), faults.cut_request(9), faults.refuse(412, "PreconditionFailed")],
    ids=["403", "400", "reset", "503", "200 with an error", "cut", "412"])
def test_a_later_segment_fails(cluster, scripted, fault):
    scripted.inject(fault, method="PUT", path=f"{name(2)}|{name(4)}")
    cluster.requested_last(3)
    result = cluster.turn_of(1)
    assert lines(result, "ERROR") == lines(result, "WARNING") == []
    assert [cluster.stored(number) for number in (2, 3, 4)] == [False, True, False]
    cluster.all_turns()


@pytest.mark.parametrize("fault", [faults.stall(30), faults.slow_request(16 * 1024)], ids=["silence", "a trickle"])
def test_a_later_segment_hangs(cluster, scripted, fault):
    scripted.inject(fault, method="PUT", path=name(2))
    cluster.requested_last(3, 4)
    began = time.monotonic()
    cluster.turn_of(1)
    assert time.monotonic() - began < 8
    assert [cluster.stored(number) for number in (2, 3, 4)] == [False, True, True]
    cluster.all_turns()


def test_the_answer_about_a_later_segment_is_lost(cluster, scripted):
    """It is stored, and not known to be: when its turn comes the store is asked."""
    scripted.inject(faults.lose_answer(), method="PUT", path=name(2))
    cluster.requested_last(2)
    cluster.turn_of(1)
    assert cluster.stored(2)
    scripted.rules.clear()
    scripted.requests.clear()
    cluster.turn_of(2)
    assert scripted.requests != []


@pytest.mark.parametrize("seed", range(4))
def test_killed_in_the_middle(cluster, scripted, seed):
    """By SIGKILL, when some are stored and others are held up; what is claimed afterwards is true."""
    generator = random.Random(seed)
    held = generator.sample([1, 2, 3, 4], 2)
    for number in held:
        scripted.inject(generator.choice([faults.stall(30), faults.slow_request(4096)]), method="PUT", path=name(number))
    arguments = [str(argument) for argument in cluster.arguments(1)]
    command = subprocess.Popen([cluster.site.run.path("wal-archive"), *arguments], env=cluster.site.run.environment,
                               stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    others = [number for number in (1, 2, 3, 4) if number not in held]
    deadline = time.monotonic() + 20
    while not all(cluster.stored(number) for number in others) and time.monotonic() < deadline:
        time.sleep(0.005)
    command.send_signal(signal.SIGKILL)
    command.wait(10)
    assert not any(cluster.stored(number) for number in held)
    cluster.all_turns()


def test_killed_at_any_moment(cluster, scripted):
    """Again and again, as the archiver's turn comes round, until everything is archived."""
    generator = random.Random(1)
    scripted.inject(faults.slow_request(8 * MIB), method="PUT")
    for number in NUMBERS:
        for _ in range(50):
            arguments = [str(argument) for argument in cluster.arguments(number)]
            command = subprocess.Popen([cluster.site.run.path("wal-archive"), *arguments], stdin=subprocess.DEVNULL,
                                       env=cluster.site.run.environment, stderr=subprocess.DEVNULL)
            try:
                status = command.wait(generator.uniform(0.001, 0.4))
            except subprocess.TimeoutExpired:
                command.kill()
                status = command.wait(10)
            if status == 0:
                break
        assert status == 0 and cluster.stored(number)
    cluster.all_turns()


def test_a_full_spool_folder(cluster, scripted):
    """Nothing can be written down: everything is archived, in its turn."""
    expect(cluster.site.run("wal-archive", *cluster.arguments(1)), 0)
    folder, = (cluster.site.folder / "spool").iterdir()
    for path in folder.iterdir():
        path.unlink()
    for number in NUMBERS:  # a directory is in the way of each file
        (folder / f"{name(number)}.stored" / "full").mkdir(parents=True)
    (folder / "context" / "full").mkdir(parents=True)
    cluster.all_turns()
