"""barman-cloud-restore of damaged archives; what a failure leaves, and how the same command goes on."""
import json
import os
import re
import signal
import subprocess
import tarfile

import pytest

from support.base_backups import COMPRESS, SUFFIXES, archive, member, pgdata_members
from support.restoring import (ID, LINE, MARKER, PGDATA, TABLE, archive_root, backup, failure, restore, tree)

AS_ROOT = os.geteuid() == 0


# Archives that are not what they should be.

@pytest.mark.parametrize("entry", [
    member("../outside", b"x"), member("a/../../outside", b"x"), member("/tmp/outside", b"x"),
    member("dev", b"", kind=tarfile.CHRTYPE), member("dev", b"", kind=tarfile.BLKTYPE),
    member("hard", b"", kind=tarfile.LNKTYPE, linkname="../outside"),
    member("hard", b"", kind=tarfile.LNKTYPE, linkname="/etc/passwd")], ids=lambda entry: entry[0].name)
def test_members_that_leave_the_directory_or_are_devices(backup, restore, tmp_path, entry):
    (tmp_path / "outside").write_text("precious")
    backup().store_archive("data", *pgdata_members(entry), suffix=".gz")
    text = failure(restore(), 4)
    assert f"file://{tmp_path}/archive/main/base/{ID}/data.tar.gz: " in text and "refused" in text
    assert (tmp_path / "outside").read_text() == "precious"


@pytest.mark.parametrize("target", ["directory", "file"])
def test_nothing_is_written_through_a_planted_link(backup, restore, tmp_path, target):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("precious")
    link, inside = (("../outside", "link/file") if target == "directory" else ("../outside/file", "link"))
    backup().store_archive("data", *pgdata_members(
        member("link", b"", kind=tarfile.SYMTYPE, linkname=link), member(inside, b"overwritten", mode=0o777)))
    done = restore()
    assert tree(tmp_path / "outside") == ["file"]
    assert (tmp_path / "outside/file").read_text() == "precious"
    if target == "directory":
        assert "nothing is written through it" in failure(done, 4)
    else:  # the later member takes the name
        assert done.returncode == 0 and (tmp_path / "data/link").read_bytes() == b"overwritten"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cut_archives(backup, restore, tmp_path, suffix):
    whole = COMPRESS[suffix](archive(*pgdata_members()))
    stored = backup().store(f"data.tar{suffix}", whole[:len(whole) // 2])
    text = failure(restore(), 4)
    assert f"{ID}/data.tar{suffix}: the " in text and ("truncated" in text or "cut off" in text)
    assert not (tmp_path / "data/global/pg_control").exists()
    stored.store(f"data.tar{suffix}", whole)
    assert restore().returncode == 0
    assert tree(tmp_path / "data") == PGDATA


def test_damaged_archives(backup, restore, tmp_path):
    content = bytearray(COMPRESS[".gz"](archive(*pgdata_members())))
    content[-6] ^= 1  # the checksum
    backup().store("data.tar.gz", bytes(content))
    assert "the gzip data is damaged" in failure(restore(), 4)
    assert not (tmp_path / "data/global/pg_control").exists()


# What a failure leaves, and how it goes on.

@pytest.fixture
def half_way(backup, restore, tmp_path):
    """A backup whose tablespace cannot be read, after the first attempt to restore it."""
    stored = backup(tablespaces=[("ts", 16385, f"{tmp_path}/ts")])
    stored.store_archive("data", *pgdata_members(), suffix=".gz").store("16385.tar", b"x" * 512)
    done = restore(f"--tablespace=ts:{tmp_path}/moved")
    assert "the tar archive is damaged" in failure(done, 4)
    assert f"remove everything in {tmp_path}/data, {tmp_path}/moved\n" in done.stderr
    assert not (tmp_path / "data/global/pg_control").exists()
    return stored


def test_the_same_command_goes_on(half_way, restore, tmp_path):
    half_way.store_archive("16385", member("PG_15_202209061"), member("PG_15_202209061/1", b"a"))
    assert restore(f"--tablespace=ts:{tmp_path}/moved").returncode == 0
    assert tree(tmp_path / "data") == sorted(PGDATA + ["pg_tblspc/16385"])
    assert tree(tmp_path / "moved") == ["PG_15_202209061", "PG_15_202209061/1"]


def test_archives_that_are_done_are_not_read_again(backup, restore, tmp_path):
    stored = backup().store_archive("data", *pgdata_members(), suffix=".gz").store("data_0001.tar", b"x" * 512)
    assert restore().returncode == 4
    assert json.loads((tmp_path / "data" / MARKER).read_text())["done"] == ["data.tar.gz"]
    stored.store("data.tar.gz", b"would be damaged")
    stored.store_archive("data_0001", member("base/5/1", b"one"))
    done = restore("-v")
    assert done.returncode == 0 and "data.tar.gz was extracted by an earlier attempt" in done.stderr
    assert tree(tmp_path / "data") == sorted(PGDATA + ["base/5/1"])


def test_nothing_done_before_a_start_of_the_machine_counts(backup, restore, tmp_path):
    stored = backup().store_archive("data", *pgdata_members()).store("data_0001.tar", b"x" * 512)
    assert restore().returncode == 4
    marker = tmp_path / "data" / MARKER
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "boot_id": "another"}))
    (tmp_path / "data/base/5/1259").write_text("lost its content")
    stored.store_archive("data_0001", member("base/5/1", b"one"))
    assert restore().returncode == 0
    assert (tmp_path / "data/base/5/1259").read_bytes() == TABLE


def test_another_restore_does_not_go_on(half_way, backup, restore, tmp_path):
    before = tree(tmp_path / "data")
    backup("20261121T000000").store_archive("data", *pgdata_members())
    for done in (restore(backup_id="20261121T000000"), restore(f"--tablespace=ts:{tmp_path}/another")):
        text = failure(done, 1)
        assert f"unfinished restore of file://{tmp_path}/archive/main/base/{ID}/" in text
        assert f"remove everything in {tmp_path}/data, {tmp_path}/moved to start over" in text
    assert tree(tmp_path / "data") == before and not (tmp_path / "another").exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"source": 1}'])
def test_a_marker_that_cannot_be_read(half_way, restore, tmp_path, text):
    (tmp_path / "data" / MARKER).write_text(text)
    assert "cannot be read: to start over" in failure(restore(f"--tablespace=ts:{tmp_path}/moved"), 1)


def test_a_marker_inside_of_the_backup_is_left_out(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members(member(f"./{MARKER}", b"{}")))
    done = restore()
    assert done.returncode == 0 and "it is left out" in done.stderr
    assert tree(tmp_path / "data") == PGDATA


@pytest.mark.skipif(not AS_ROOT, reason="mounts a file system")
def test_a_full_disk(backup, restore, tmp_path):
    backup().store_archive("data", *pgdata_members(member("zeros", bytes(8 << 20))), suffix=".gz")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
    try:
        text = failure(restore(target=small / "data"), 4)
        assert f"{small}/data/zeros: No space left on device" in text
        assert (small / "data" / MARKER).exists() and not (small / "data/global/pg_control").exists()
        subprocess.run(["mount", "-o", "remount,size=32m", small], check=True)
        assert restore(target=small / "data").returncode == 0
        assert tree(small / "data") == sorted(PGDATA + ["zeros"])
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_soon_and_the_same_command_goes_on(backup, restore, run, archive_root, tmp_path, number):
    content = archive(*pgdata_members(member("base/5/large", os.urandom(1 << 20) * 64)))
    backup().store("data.tar", content)
    command = [run.path("restore"), f"file://{archive_root}", "main", ID, tmp_path / "data"]
    process = subprocess.Popen(command, env=run.environment, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "data" / MARKER).exists() and process.poll() is None:
        pass
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    if process.returncode != 0:  # it may have been faster than the signal
        assert process.returncode == 1 and re.search(rf"{LINE}ERROR: .*interrupted\n", stderr)
        assert (tmp_path / "data" / MARKER).exists() and not (tmp_path / "data/global/pg_control").exists()
        assert restore().returncode == 0
    assert tree(tmp_path / "data") == sorted(PGDATA + ["base/5/large"])
