"""A busy PostgreSQL archives, whatever befalls the archiver; another one recovers to the row."""
import pytest

SEGMENT = "[0-9A-F]" * 24

# store, options of wal-archive, segment size in MiB, options of wal-restore
CASES = [
    ("file", [], 1, []),
    ("file", ["--gzip"], 16, ["-p", "4", "--spool-dir", "{folder}/spool"]),
    ("http", ["--gzip"], 1, ["-p", "4", "--spool-dir", "{folder}/spool"]),
    ("http", ["--zstd"], 16, []),
    ("https", ["--gzip"], 16, []),
    ("https", ["--zstd"], 1, ["-p", "4", "--spool-dir", "{folder}/spool"]),
]


@pytest.mark.parametrize("kind, how, megabytes, fetching", CASES, ids=lambda value: str(value).replace(" ", ""))
def test_point_in_time_recovery_after_the_archiver_was_killed_at_random(kind, how, megabytes, fetching, host, primary,
                                                                       archive_on):
    archive = archive_on(kind)
    server = primary(archive.store(*how), megabytes)
    backup = server.copy("recovered")  # before the killing: it would wait for an archiver that sleeps
    server.configure(archive_command=archive.store_under_fire(*how))
    for _ in range(200):  # rounds of writing, until enough were killed at each stage
        server.pgbench("-c", "2", "-t", "40")
        server.sql("select pg_switch_wal()")
        server.wake_archiver()
        if min(archive.killed()) >= 3:
            break
    assert min(archive.killed()) >= 3, f"killed in each third of their way: {archive.killed()}"
    expected = server.fingerprint()
    server.sql("select pg_create_restore_point('the_point')")
    server.pgbench("-c", "2", "-t", "50")
    server.archive_everything()
    server.stop()

    options = [option.format(folder=host.folder) for option in fetching]
    backup.recover(archive.fetch(*options), recovery_target_name="the_point", recovery_target_action="promote")
    assert backup.promoted().fingerprint() == expected


def test_point_in_time_recovery_to_a_time(primary, archive_on):
    archive = archive_on("file")
    server = primary(archive.store("--lz4"))
    backup = server.copy("recovered")
    server.pgbench("-t", "100")
    expected = server.fingerprint()
    moment = server.sql("select clock_timestamp()")
    server.pgbench("-t", "10")
    server.archive_everything()

    backup.recover(archive.fetch(), recovery_target_time=moment, recovery_target_action="promote")
    assert backup.promoted().fingerprint() == expected


def test_recovery_without_a_target_ends_at_the_end_of_the_archive(primary, archive_on):
    archive = archive_on("http")
    server = primary(archive.store("--gzip"))
    backup = server.copy("recovered")
    server.pgbench("-t", "200")
    expected = server.fingerprint()
    server.archive_everything()
    server.stop("immediate")

    backup.recover(archive.fetch())
    assert backup.promoted().fingerprint() == expected
    assert "archive recovery complete" in backup.log()


def test_a_recovered_cluster_archives_its_new_timeline_and_others_follow_it(primary, archive_on):
    archive = archive_on("http")
    server = primary(archive.store("--gzip"))
    first, second = server.copy("first"), server.copy("second")
    server.pgbench("-t", "100")
    server.archive_everything()
    server.stop()

    # The recovered cluster archives from the moment of its promotion.
    first.configure(restore_command=archive.fetch(), archive_command=archive.store("--zstd"))
    first.signal_file("recovery.signal")
    first.start()
    first.promoted()
    first.pgbench("-t", "100")
    expected = first.fingerprint()
    assert first.archive_everything().startswith("00000002")
    first.stop()

    second.recover(archive.fetch("-p", "3", "--spool-dir", second.host.folder / "spool"),
                   recovery_target_timeline="latest")
    assert second.promoted().fingerprint() == expected
    assert second.sql("select timeline_id from pg_control_checkpoint()") == "3"
