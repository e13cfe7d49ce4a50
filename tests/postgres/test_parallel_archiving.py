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
    """Much more WAL than is archived in the meantime."""
    server.sql("create table load as select n, md5(n::text) as text from generate_series(1, 300000) n")
    server.pgbench("-c", "4", "-t", "200")


@pytest.mark.parametrize("codec", [[], ["--zstd"]], ids=["plain", "zstd"])
def test_every_segment_is_stored_and_the_marks_drain(host, primary, archive_on, codec):
    archive = archive_on("http")
    spool = host.folder / "walarchive"
    server = primary(archive.store("--parallel", "4", "--spool-dir", spool, "-v", *codec))
    server.configure(wal_keep_size="2GB").sql("select pg_reload_conf()")
    load(server)
    last = server.archive_everything()
    ready = server.data / "pg_wal/archive_status"
    until(lambda: not [path for path in ready.glob("*.ready") if path.name <= f"{last}.ready"], "the marks to drain")
    log = server.log()
    assert len(re.findall(r"stored \S+ as \S+, ahead of its turn", log)) > 10
    assert len(re.findall("was stored ahead of its turn as", log)) > 10
    assert "ERROR" not in log and "WARNING" not in log
    assert all_as_they_were(host, archive, server) > 20
    assert server.sql("select failed_count from pg_stat_archiver") == "0"
    assert not list(spool.glob("*/*.stored")), "something is left of the record"


def test_archivers_that_are_killed_lose_nothing(host, primary, archive_on):
    archive = archive_on("http")
    server = primary(archive.store_under_fire("--parallel", "4", "--spool-dir", host.folder / "walarchive", "--gzip"))
    server.configure(wal_keep_size="2GB").sql("select pg_reload_conf()")
    backup = server.copy("recovered")
    load(server)
    expected = server.fingerprint()
    server.archive_everything(240)
    assert sum(archive.killed()) > 0
    assert all_as_they_were(host, archive, server) > 20
    backup.recover(archive.fetch())
    assert backup.promoted().fingerprint() == expected
