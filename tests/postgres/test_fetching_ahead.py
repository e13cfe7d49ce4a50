"""Recoveries whose segments are fetched in the background."""
import shutil

import pytest

from support.replay import Fetchers, until


@pytest.fixture
def ahead(host, primary, archive_on):
    """(a primary that has archived twelve segments, a copy from before that, its restore_command, the fetchers)"""
    archive = archive_on("http")
    server = primary(archive.store("--gzip"))
    copy = server.copy("recovered")
    for _ in range(12):
        server.pgbench("-t", "20")
        server.sql("select pg_switch_wal()")
    return server, copy, archive.fetch("-v", "-p", "4", "--spool-dir", host.folder / "spool"), Fetchers(host.folder)


def test_a_recovery_to_the_end_of_the_archive_leaves_no_process(ahead):
    server, copy, fetch, fetchers = ahead
    expected = server.fingerprint()
    server.archive_everything()
    server.stop()
    copy.recover(fetch)
    assert copy.promoted().fingerprint() == expected
    assert copy.log().count("restored prefetched") >= 6
    until(lambda: not fetchers.alive())


def test_a_recovery_to_a_point_leaves_a_process_that_ends_with_the_cluster(host, ahead):
    server, copy, fetch, fetchers = ahead
    server.sql("select pg_create_restore_point('the_point')")
    expected = server.fingerprint()
    for _ in range(8):  # more than are fetched ahead
        server.sql("create table if not exists later (n int)")
        server.sql("insert into later values (1)")
        server.sql("select pg_switch_wal()")
    server.archive_everything()
    server.stop()
    copy.recover(fetch, recovery_target_name="the_point", recovery_target_action="promote")
    assert copy.promoted().fingerprint() == expected
    assert len(fetchers.alive()) == 1
    copy.stop()
    assert len(fetchers.alive()) == 1  # it is not in the process group that the server ends
    spooled = [path for path in (host.folder / "spool").glob("*/*") if len(path.name) == 24]
    assert 0 < len(spooled) <= 4
    shutil.rmtree(copy.data)
    until(lambda: not fetchers.alive())
