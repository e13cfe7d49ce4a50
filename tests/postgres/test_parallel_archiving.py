"""A PostgreSQL under load whose wal-archive stores several segments at once."""
import re

import pytest

from support.postgres import until


def archived(server):
    """The segments that PostgreSQL believes to be archived, and has still."""
    status = server.data / "pg_wal/archive_status"
    return sorted(path.name.removesuffix(".done") for path in status.glob("*.done")
                  if re.fullmatch(r"[0-9A-F]{24}\.done", path.name) and (server.data / "pg_wal" / path.name[:24]).exists())


def all_as_they_were(host, archive, server):
    """How many segments were compared, byte by byte."""
    names = archived(server)
    fetched = host.folder / "fetched"
    for name in names:
        command = archive.fetch().replace("%f", name).replace("%p", str(fetched)).split(" ")
        status, output = host.run(command[0], *command[1:])
        assert status == 0, output
        assert fetched.read_bytes() == (server.data / "pg_wal" / name).read_bytes(), name
    return len(names)


def load(server):
    """Some 15 segments."""
    server.sql("drop table if exists load")
    server.sql("create table load as select n, md5(n::text) as text from generate_series(1, 150000) n")
    server.pgbench("-c", "4", "-t", "100")


def test_every_segment_is_stored_and_the_marks_drain(host, primary, archive_on):
    archive = archive_on("http")
    spool, gate = host.folder / "walarchive", host.folder / "gate"
    server = primary(f"test -e {gate} && " + archive.store("--parallel", "4", "--spool-dir", spool, "-v", "--zstd"))
    server.configure(wal_keep_size="2GB").wake_archiver()
    load(server)
    gate.touch()  # until now all had to wait
    server.wake_archiver()
    load(server)
    last = server.archive_everything()
    ready = server.data / "pg_wal/archive_status"
    until(lambda: not [path for path in ready.glob("*.ready") if path.name <= f"{last}.ready"], "the marks to drain")
    log = server.log()
    assert len(re.findall(r"stored \S+ as \S+, ahead of its turn", log)) > 10
    assert len(re.findall("was stored ahead of its turn as", log)) > 10
    assert re.findall(r"\] (?:ERROR|WARNING): \S.*", log) == [], "PostgreSQL's own have two blanks"
    assert all_as_they_were(host, archive, server) > 15
    assert not list(spool.glob("*/*.stored")), "something is left of the record"


def test_archivers_that_are_killed_lose_nothing(host, primary, archive_on):
    archive = archive_on("http")
    options = ["--parallel", "4", "--spool-dir", host.folder / "walarchive"]
    server = primary(archive.store(*options))
    backup = server.copy("recovered")
    server.configure(wal_keep_size="2GB", archive_command=archive.store_under_fire(*options)).wake_archiver()
    for _ in range(10):  # few do more than read what another one has noted: they may all survive
        load(server)
        expected = server.fingerprint()
        server.archive_everything(240)
        if sum(archive.killed()) > 0:
            break
    else:
        pytest.fail("none was killed")
    assert all_as_they_were(host, archive, server) > 15
    backup.recover(archive.fetch())
    assert backup.promoted().fingerprint() == expected
