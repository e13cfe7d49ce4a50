"""Standbys that live on the archive alone, and pg_rewind."""


def test_a_standby_follows_through_the_archive(primary, archive_on):
    archive = archive_on("https")
    server = primary(archive.store("--zstd"))
    standby = server.copy("standby")
    standby.configure(restore_command=archive.fetch("-p", "4", "--spool-dir", standby.host.folder / "spool"),
                      archive_mode="off", wal_retrieve_retry_interval="100ms")
    standby.signal_file("standby.signal")
    standby.start()
    # The end of the archive is reached several times: a segment that was absent once must be found later.
    for _ in range(4):
        server.pgbench("-t", "100")
        count = server.sql("select count(*) from pgbench_history")
        server.archive_everything()
        standby.until(f"select count(*) = {count} from pgbench_history")
    assert standby.fingerprint() == server.fingerprint()


def test_pg_rewind_takes_what_it_misses_from_the_archive(host, primary, archive_on):
    archive = archive_on("http")
    old = primary(archive.store("--gzip"))
    new = old.copy("new")
    fetch = archive.fetch("-p", "4", "--spool-dir", host.folder / "spool")
    new.configure(restore_command=fetch, archive_command=archive.store("--gzip"), wal_keep_size="1GB")
    new.signal_file("standby.signal")
    old.archive_everything()
    new.start()
    split = old.sql("select pg_walfile_name(pg_current_wal_lsn())")
    new.host.run("pg_ctl", "-D", new.data, "-w", "promote")
    new.promoted()
    new.sql("checkpoint")  # pg_rewind reads the new timeline from the control file
    new.pgbench("-t", "100")

    # The old primary goes its own way, and forgets the segments from before the parting.
    old.pgbench("-t", "300")
    old.archive_everything()
    old.stop()
    for path in (old.data / "pg_wal").iterdir():
        if len(path.name) == 24 and path.name <= split:
            path.unlink()
    rewind = ["--target-pgdata", old.data, "--source-server", f"host={host.folder} port={new.port}"]
    assert host.run("pg_rewind", *rewind, check=False)[0] != 0, "the old primary still has the WAL that it needs"
    old.configure(restore_command=fetch)
    host.run("pg_rewind", "-c", *rewind)

    old.configure(port=old.port, recovery_target_timeline="latest", archive_mode="off", restore_command=fetch)
    old.signal_file("standby.signal")
    expected = new.fingerprint()
    rows = new.sql("select count(*) from pgbench_history")
    new.archive_everything()
    old.start()
    old.until(f"select count(*) = {rows} from pgbench_history")
    assert old.fingerprint() == expected
