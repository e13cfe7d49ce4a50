"""A base backup while the network, the gateway, the disk or PostgreSQL fail.

After whatever happened: the exit status is the documented one, the catalogue can be read, nothing in it is DONE
that cannot be restored, no multipart upload is left behind, and the next backup is fine.
"""
import functools
import shutil
import signal
import subprocess
import time

import pytest

from support import faults
from support.backups import Place, accepted_by_postgresql, succeeds
from support.http_server import Response
from support.postgres import until
from support.site import lines

# Small parts, so that the archive of PGDATA has several.
SMALL_PARTS = ["--max-archive-size", "10GB"]
PART_SIZE = 5 * 1024 * 1024

CREATE = ("POST", r"data\.tar\?.*uploads")
COMPLETE = ("POST", r"data\.tar\?.*uploadId=")
STEPS = {"the creation of the upload": CREATE, "the first part": ("PUT", r"data\.tar\?.*partNumber=1(&|$)"),
         "a part in the middle": ("PUT", r"data\.tar\?.*partNumber=3(&|$)"), "the last part": ("PUT", r"data\.tar\?"),
         "the completion": COMPLETE, "the archive of a tablespace": ("PUT", r"/\d+\.tar"),
         "the manifest": ("POST|PUT", "backup_manifest"), "backup.info": ("PUT", r"backup\.info")}


def only_last_part(fault):
    """The one that is smaller than the others."""
    def chosen(exchange):
        if int(exchange.request.header("content-length")) < PART_SIZE:
            fault(exchange)
        else:
            exchange.server.respond(exchange)
    return chosen


def once(fault):
    """For faults that choose by themselves: only the first one is made."""
    left = [fault]
    return lambda exchange: left.pop()(exchange) if left else exchange.server.respond(exchange)


class Scene:
    def __init__(self, source, archive, proxy, s3, bucket):
        self.source, self.archive, self.proxy, self.s3, self.bucket = source, archive, proxy, s3, bucket
        self.host, self.ours = source.host, source.host.ours
        self.through = archive.through(proxy.endpoint)

    def inject(self, step, fault, times):
        method, path = STEPS[step]
        if step != "the last part":
            self.proxy.inject(fault, method=method, path=path, times=times)
        else:
            self.proxy.inject(only_last_part(once(fault) if times == 1 else fault), method=method, path=path)

    def attempt(self, *options, place=None, **named):
        return self.ours.backup(place or self.through, self.source.cluster, *SMALL_PARTS, *options, **named)

    def start(self):
        return self.ours.start("backup", self.through, "--port", self.source.cluster.port, "--immediate-checkpoint",
                               *SMALL_PARTS)

    def restorable(self, backup_id, place=None):
        target = self.host.folder / "proof"
        rules = [word for name, path in self.source.locations.items() if self.source.cluster.data not in path.parents
                 for word in ("--tablespace", f"{name}:{target}_{name}")]
        succeeds(self.ours.restore(place or self.archive, backup_id, target, *rules))
        accepted_by_postgresql(self.host, target)
        for path in self.host.folder.glob("proof*"):
            shutil.rmtree(path)

    def holds(self, statuses=None, place=None):
        """What must be true after every case; `statuses` are those in the catalogue, where they are known."""
        self.proxy.rules.clear()
        place = place or self.archive
        found = self.ours.backups(place)
        assert statuses is None or [backup["status"] for backup in found] == statuses, found
        for backup in found:
            if backup["status"] == "DONE":
                self.restorable(backup["backup_id"], place)
            else:
                assert backup["status"] == "FAILED" and backup["error"], backup
                assert not [name for name in backup if name.startswith("end_") and backup[name] is not None], backup
        left = self.s3.uploads(self.bucket)
        assert left == [], left
        self.restorable(self.ours.taken(place, self.source.cluster), place)


@pytest.fixture
def scene(source, archive, proxy, s3, bucket):
    return Scene(source, archive, proxy, s3, bucket)


def failed(done, *mentioned, status=1):
    assert done.returncode == status, f"exit {done.returncode}, wanted {status}: {done.stderr}"
    text = "\n".join(lines(done, "ERROR"))
    assert text and "Traceback" not in done.stderr, done.stderr
    missing = [word for word in mentioned if word.lower() not in text.lower()]
    assert not missing, f"{missing} not in: {done.stderr}"


ONCE = {"reset before the request": faults.reset(), "reset after the request": faults.reset_after_request(),
        "the request cut": faults.cut_request(5), "the answer lost": faults.lose_answer(),
        "the answer cut": faults.cut_response(0), "500": faults.refuse(500, "InternalError"),
        "503 with Retry-After": faults.slow_down(retry_after=0), "429": faults.throttled()}


@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_that_happens_once_at_every_step_is_survived(scene, fault):
    for step in STEPS:
        scene.inject(step, ONCE[fault], 1)
    succeeds(scene.attempt("--gzip") if fault == "429" else scene.attempt())
    scene.holds(["DONE"])


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["503", "403"])
def test_a_fault_that_stays_ends_the_backup(scene, step, fault):
    scene.inject(step, faults.slow_down() if fault == "503" else faults.refuse(403, "AccessDenied"), 99)
    failed(scene.attempt(), "SlowDown" if fault == "503" else "AccessDenied")
    # Without its last object there is nothing in the catalogue, neither done nor failed.
    scene.holds([] if step == "backup.info" else ["FAILED"])


COMPLETIONS = {"200 with an error": faults.error_with_200(), "the answer lost": faults.lose_answer(),
               "reset": faults.reset_after_request(), "500": faults.refuse(500, "InternalError")}


def says_nothing(exchange):
    """200, and not a word of what became of the object, which is not there."""
    exchange.read_body()
    exchange.send(Response(200))


@pytest.mark.parametrize("fault", [*COMPLETIONS, "200 with nothing"])
def test_no_completion_is_believed_that_did_not_happen(scene, fault):
    method, path = COMPLETE
    scene.proxy.inject(COMPLETIONS.get(fault, says_nothing), method=method, path=path)
    done = scene.attempt()
    if fault == "the answer lost":
        assert done.returncode in (0, 1)  # the object is there; whether that is found out is the command's affair
        scene.holds()
    else:
        failed(done)
        scene.holds(["FAILED"])


@pytest.mark.parametrize("fault", [faults.error_with_200(), says_nothing], ids=["an error", "nothing"])
def test_a_completion_that_says_200_once_and_means_it_not_is_repeated_or_fails(scene, fault):
    method, path = COMPLETE
    scene.proxy.inject(fault, method=method, path=path, times=1)
    done = scene.attempt()
    assert done.returncode in (0, 1), done
    scene.holds(["DONE" if done.returncode == 0 else "FAILED"])


def test_a_stall_once_is_survived_and_one_that_stays_ends_the_backup_in_time(scene):
    scene.inject("a part in the middle", faults.stall(60), 1)
    began = time.monotonic()
    succeeds(scene.attempt("--read-timeout", "5"))
    scene.proxy.rules.clear()
    scene.inject("a part in the middle", faults.stall(60), 99)
    failed(scene.attempt("--read-timeout", "1"), "time")
    assert time.monotonic() - began < 50
    scene.holds(["DONE", "FAILED"])


def test_a_slow_store_is_survived(scene):
    """The time-out is for silence, not for the whole. (Of a part that is sent, the last seconds are silent.)"""
    scene.proxy.inject(faults.slow_request(2 * 1024 * 1024), method="PUT", path=r"data\.tar\?")
    began = time.monotonic()
    succeeds(scene.attempt("--read-timeout", "5"))
    assert time.monotonic() - began > 5
    scene.holds(["DONE"])


def test_a_store_that_is_full(scene):
    scene.inject("a part in the middle", faults.refuse(507, "InsufficientStorage", "the store is full"), 99)
    failed(scene.attempt(), "507", "full")
    scene.holds(["FAILED"])


def test_a_bucket_that_is_not_there_is_found_out_before_postgresql_is_asked_for_anything(scene):
    before = scene.source.sql("select checkpoint_lsn from pg_control_checkpoint()")
    missing = Place("s3://no-such-bucket-at-all/x", scene.archive.endpoint)
    failed(scene.attempt(place=missing), "no-such-bucket-at-all")
    assert scene.source.sql("select checkpoint_lsn from pg_control_checkpoint()") == before
    scene.holds([])


def test_a_store_that_refuses_everything(scene):
    scene.proxy.inject(faults.refuse(403, "AccessDenied"))
    failed(scene.attempt(), "AccessDenied")
    scene.holds([])
    failed(scene.attempt(AWS_SECRET_ACCESS_KEY="wrong"), "AWS_SECRET_ACCESS_KEY")


def in_the_middle(scene, act):
    """`act` is called when the third part has arrived at the store, which then does not answer for a long time."""
    def stop(exchange):
        exchange.read_body()
        act()
        exchange.wait(90)
        exchange.close(reset=True)
    scene.proxy.inject(stop, method="PUT", path=r"data\.tar\?.*partNumber=3(&|$)")


def test_postgresql_is_killed_in_the_middle(scene):
    """The backup does not wait for the store to find out."""
    in_the_middle(scene, scene.source.kill)
    began = time.monotonic()
    try:
        failed(scene.attempt(), "connection")
        assert time.monotonic() - began < 45
    finally:
        scene.source.start_again()
    scene.holds(["FAILED"])


def test_the_session_is_ended_in_the_middle(scene):
    end = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'barman_cloud_backup'"
    in_the_middle(scene, functools.partial(scene.source.sql, end))
    began = time.monotonic()
    failed(scene.attempt(), "connection")
    assert time.monotonic() - began < 45
    scene.holds(["FAILED"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_backup_tidily(scene, number):
    reached = []
    in_the_middle(scene, lambda: reached.append(True))
    process = scene.start()
    until(lambda: reached or process.poll() is not None, "the backup to be in the middle")
    process.send_signal(number)
    _, err = process.communicate(timeout=45)
    assert process.returncode == 1 and " ERROR: " in err, err
    sessions = "select count(*) from pg_stat_activity where application_name like 'barman%'"
    until(lambda: scene.source.sql(sessions) == "0", "its session to be gone")
    scene.holds(["FAILED"])


@pytest.fixture
def small_disk(source):
    """A file system of 12 MiB, which can grow; only root can mount (as in CI)."""
    path = source.host.folder / "small"
    path.mkdir()
    options = f"size=12m,uid={source.host.identity['user']},gid={source.host.identity['group']}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_directory_whose_disk_is_full(scene, small_disk):
    place = scene.host.directory("small")
    failed(scene.attempt(place=place), "space")
    big = [path for path in small_disk.rglob("*") if path.is_file() and path.stat().st_size > 1024 * 1024]
    assert big == [], "what cannot be restored fills the disk"
    subprocess.run(["mount", "-o", "remount,size=500m", str(small_disk)], check=True)
    scene.host.archive_to(place)
    found = scene.ours.backups(place)
    assert [backup["status"] for backup in found] in ([], ["FAILED"])
    scene.restorable(scene.ours.taken(place, scene.source.cluster), place)
