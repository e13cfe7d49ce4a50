"""Base backups of a running PostgreSQL: what is stored, what is said, and what is left when something goes wrong."""
import ast
import os
import pathlib
import re
import signal
import subprocess
import tarfile

import pytest

from support.postgres import Host, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("TAPSTER_BIN", ROOT / "build/release/bin"))
SERVER = "main"
# A copy of our cluster (about 30 MB) takes long enough to be disturbed, and every part is sent in small steps.
SLOW = ("--max-bandwidth", "1MB")
GRANTS = {"pg_read_all_settings, pg_read_all_stats": "may not read the server's settings",
          "execute on function pg_backup_start(text, boolean)": "pg_catalog.pg_backup_start(text,boolean)",
          "execute on function pg_backup_stop(boolean)": "pg_catalog.pg_backup_stop(boolean)",
          "execute on function pg_switch_wal()": "pg_catalog.pg_switch_wal()"}


def fields(text):
    return dict(line.split("=", 1) for line in text.splitlines())


class Place:
    """A cluster and the directory that it archives to."""

    def __init__(self, host, name="primary"):
        self.host = host
        self.archive = host.folder / f"{name}-archive"
        self.url = f"file://{self.archive}"
        self.archive.mkdir()
        self.known_failures = set()
        host.own(self.archive)
        self.cluster = host.cluster(name).create(1)
        store = f"{host.bin}/barman-cloud-wal-archive {self.url} {SERVER} %p"
        self.cluster.configure(archive_command=store, wal_level="replica", max_wal_senders=4)

    def spawn(self, *options, url=None, cluster=None, environment=(), **named):
        cluster = cluster or self.cluster
        words = [self.host.bin / "barman-cloud-backup", "-p", cluster.port, "--immediate-checkpoint", *options,
                 url or self.url, SERVER]
        # A shell that starts something in the background makes it ignore SIGINT.
        return subprocess.Popen([str(word) for word in words], env={**self.host.environment, **dict(environment)},
                                cwd=self.host.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, **self.host.identity, **named,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def backup(self, *options, status=0, **named):
        """Runs it to its end; (id of the backup that it made, or None; its output)."""
        before = set(self.infos())
        process = self.spawn(*options, **named)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == status, output
        made = sorted(set(self.infos()) - before)
        return (made[0] if made else None), output

    def infos(self):
        return {path.parent.name: fields(path.read_text())
                for path in self.archive.glob(f"{SERVER}/base/*/backup.info")}

    def folder(self, backup_id):
        return self.archive / SERVER / "base" / backup_id

    def names(self, backup_id):
        return sorted(path.name for path in self.folder(backup_id).iterdir())

    def until_copying(self):
        self.cluster.until("select exists (select from pg_stat_activity where application_name = 'barman_cloud_backup' "
                           "and state = 'idle' and query ~ 'pg_backup_start|SELECT 1')")

    def until_no_session(self):
        self.cluster.until("select not exists (select from pg_stat_activity where application_name = "
                           "'barman_cloud_backup')")

    def failed(self, process, *reasons):
        """The one backup that failed, after its process has ended as it should."""
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1, output
        errors = re.findall(r"ERROR: .*", output)
        assert len(errors) == 1 and "Backup failed uploading data (" in errors[0], output
        (backup_id, info), = [(name, info) for name, info in self.infos().items()
                              if info["status"] == "FAILED" and name not in self.known_failures]
        self.known_failures.add(backup_id)
        assert info["error"].startswith("failure uploading data (")
        assert any(reason in info["error"] for reason in reasons), info["error"]
        assert all(info[name] == "None" for name in ("end_time", "end_wal", "end_xlog", "end_offset", "copy_stats"))
        return backup_id, info


@pytest.fixture(scope="module")
def machine(rgw):
    names = ("wal-archive", "wal-restore", "backup")
    settings = {name: rgw[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")}
    host = Host([BIN / f"barman-cloud-{name}" for name in names],
                {**settings, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "2"})
    yield host
    host.close()


@pytest.fixture(scope="module")
def place(machine):
    """A running primary with a tablespace beside its data directory and one within it."""
    place = Place(machine)
    place.cluster.start()
    for name, path in (("beside", machine.folder / "ts"), ("within", place.cluster.data / "ts")):
        path.mkdir(mode=0o700)
        machine.own(path)
        place.cluster.sql(f"create tablespace {name} location '{path}'")
    place.cluster.pgbench("-i", "-q", "-s", "1")
    place.cluster.sql("create table one tablespace beside as select generate_series(1, 10000) as x")
    place.cluster.sql("create table two tablespace within as select generate_series(1, 10000) as x")
    place.cluster.sql("create unlogged table gone as select 1")
    return place


def members(path):
    with tarfile.open(path) as archive:
        return archive.getmembers()


def extract(place, backup_id, target, suffix="tar"):
    """Restores by hand into `target`, tablespaces beside it."""
    info = place.infos()[backup_id]
    for path in sorted(place.folder(backup_id).glob(f"*.{suffix}")):
        base = re.match(r"[a-z0-9]+", path.name).group()
        folder = target if base == "data" else target.parent / f"{target.name}-{base}"
        folder.mkdir(mode=0o700, exist_ok=True)
        with tarfile.open(path) as archive:
            archive.extractall(folder)
    for _, oid, _ in ast.literal_eval(info["tablespaces"]) or []:
        link = target / "pg_tblspc" / str(oid)
        link.symlink_to(target.parent / f"{target.name}-{oid}")
    return info


def own_all(host, folder):
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files, "."):
            path = os.path.join(root, name)
            if not os.path.islink(path):
                os.chown(path, host.identity.get("user", os.getuid()), host.identity.get("group", os.getgid()))


def test_a_backup_of_a_primary_can_be_restored_and_its_manifest_verified(place, machine):
    expected = place.cluster.fingerprint()
    backup_id, output = place.backup("-v", "-n", "before lunch", "-S", "2MB")
    assert "Backup end at LSN: " in output and "Backup completed (start time: " in output
    info = place.infos()[backup_id]
    assert (info["status"], info["server_name"], info["error"]) == ("DONE", "cloud", "None")
    assert info["backup_name"] == "before lunch"
    assert info["version"] == place.cluster.sql("show server_version_num")
    assert info["systemid"] == place.cluster.sql("select system_identifier from pg_control_system()")
    assert info["pgdata"] == str(place.cluster.data) and info["xlog_segment_size"] == str(1 << 20)
    assert list(ast.literal_eval(info["copy_stats"])["copy_time_per_item"])[-1] == "data"
    label = ast.literal_eval(info["backup_label"])
    assert f"LABEL: Barman backup cloud {backup_id}\n" in label
    assert f"START WAL LOCATION: {info['begin_xlog']} (file {info['begin_wal']})" in label
    data = sorted(path for path in place.folder(backup_id).glob("data*.tar"))
    assert [path.name for path in data[:3]] == ["data.tar", "data_0001.tar", "data_0002.tar"]
    last = members(data[-1])[-2:]
    assert [member.name for member in last] == ["global/pg_control", "backup_label"]
    assert last[1].mode == 0o600 and last[1].uid == place.cluster.data.stat().st_uid and last[1].mtime > 1e9
    assert not any(member.name.startswith(("ts/", "./ts/")) for path in data for member in members(path))

    copy = machine.cluster("copy")
    extract(place, backup_id, copy.data)
    (copy.data / "backup_manifest").write_bytes((place.folder(backup_id) / "backup_manifest").read_bytes())
    for folder in machine.folder.glob("copy*"):
        own_all(machine, folder)
    assert "successfully verified" in machine.run("pg_verifybackup", "-n", copy.data)[1]
    copy.configure(port=copy.port, recovery_target_name=f"barman_{backup_id}", recovery_target_action="promote")
    place.cluster.archive_everything()
    copy.recover(f"{machine.bin}/barman-cloud-wal-restore {place.url} {SERVER} %f %p")
    copy.promoted()
    assert copy.fingerprint() == expected
    assert copy.sql("select (select count(*) from one), (select count(*) from two)") == "10000|10000"
    copy.stop()


def test_archives_are_compressed_and_named_for_it(place):
    backup_id, _ = place.backup("--gzip")
    names = place.names(backup_id)
    assert "data.tar.gz" in names and not any(name.endswith(".tar") for name in names)
    assert members(place.folder(backup_id) / "data.tar.gz")[-1].name == "backup_label"


def test_the_older_format_of_backup_info(place):
    by_option, _ = place.backup("--backup-info-format", "3.4")
    by_variable, _ = place.backup(environment={"TAPSTER_BACKUP_INFO_FORMAT": "3.4"})
    for backup_id in (by_option, by_variable):
        assert "encryption" not in place.infos()[backup_id] and place.infos()[backup_id]["status"] == "DONE"


def test_connection_strings_go_to_libpq_whole(place):
    for conninfo in (f"postgresql:///postgres?host={place.host.folder}&port={place.cluster.port}",
                     f"host = '{place.host.folder}'  port= {place.cluster.port} dbname='postgres'"):
        backup_id, _ = place.backup("-d", conninfo, "-p", "1", environment={"PGHOST": "/nonexistent"})
        assert place.infos()[backup_id]["status"] == "DONE"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_backup_and_tidies_up(place, number):
    process = place.spawn(*SLOW)
    place.until_copying()
    process.send_signal(number)
    backup_id, info = place.failed(process, f"interrupted by {number.name})")
    assert info["begin_wal"] != "None" and info["systemid"] != "None"
    place.until_no_session()
    left = [name for name in place.names(backup_id) if not re.fullmatch(r"\d+\.tar", name)]
    assert left == ["backup.info"]


def test_a_signal_ends_the_wait_for_a_spread_checkpoint(place):
    place.cluster.sql("create table dirty as select generate_series(1, 100000)")
    words = [place.host.bin / "barman-cloud-backup", "-p", place.cluster.port, place.url, SERVER]
    process = place.host.spawn(*words)
    place.cluster.until("select exists (select from pg_stat_activity where state = 'active' and query ~ "
                        "'SELECT pg_catalog.pg_backup_start' and application_name = 'barman_cloud_backup')")
    process.terminate()
    _, info = place.failed(process, "interrupted by SIGTERM")
    assert info["begin_wal"] == "None"
    place.until_no_session()


def test_a_killed_session_ends_the_backup_at_once(place):
    process = place.spawn(*SLOW)
    place.until_copying()
    place.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
                      "'barman_cloud_backup'")
    _, info = place.failed(process, "the connection to PostgreSQL is lost: terminating connection")
    assert info["begin_wal"] != "None"


def test_postgresql_stopped_in_the_middle(place):
    process = place.spawn(*SLOW)
    place.until_copying()
    place.cluster.stop("immediate")
    place.failed(process, "the connection to PostgreSQL is lost")
    place.cluster.start()
    backup_id, _ = place.backup()
    assert place.infos()[backup_id]["status"] == "DONE"


def test_a_role_with_the_documented_grants_is_enough(place):
    place.cluster.sql("create role enough login")
    for grant in GRANTS:
        place.cluster.sql(f"grant {grant} to enough")
    backup_id, _ = place.backup("-U", "enough")
    assert place.infos()[backup_id]["status"] == "DONE"


@pytest.mark.parametrize("number", range(len(GRANTS)))
def test_a_missing_grant_is_named_before_the_backup_begins(place, number):
    role = f"lacking{number}"
    place.cluster.sql(f"create role {role} login")
    for grant in [grant for index, grant in enumerate(GRANTS) if index != number]:
        place.cluster.sql(f"grant {grant} to {role}")
    checkpoints = place.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()")
    _, info = place.failed(place.spawn("-U", role), f'TO "{role}"')
    assert list(GRANTS.values())[number] in info["error"] and "GRANT" in info["error"]
    assert place.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()") == checkpoints


def test_wal_that_is_not_archived_is_a_warning(place):
    place.cluster.sql("alter system set archive_command = '/bin/true'")
    place.cluster.sql("select pg_reload_conf()")
    try:
        backup_id, output = place.backup("--wal-timeout", "0")
    finally:
        place.cluster.sql("alter system reset archive_command")
        place.cluster.sql("select pg_reload_conf()")
    info = place.infos()[backup_id]
    assert info["status"] == "DONE"
    assert re.search(rf"WARNING: this backup cannot be restored before .*{info['begin_wal']}", output)


def test_no_server_is_exit_1_and_nothing_is_stored(place):
    made, output = place.backup("-h", "/nonexistent", status=1)
    assert made is None and "Cannot connect to postgres: " in output
    made, output = place.backup("-d", "hots=x", status=4)
    assert made is None and "not a valid connection string" in output


def test_a_store_that_cannot_be_written_is_found_before_the_checkpoint(place):
    checkpoint = place.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()")
    made, output = place.backup(url="file:///proc/nowhere", status=1)
    assert made is None and "ERROR" in output
    assert place.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()") == checkpoint


def test_the_test_option_does_not_need_postgresql(place):
    assert place.backup("-t", "-h", "/nonexistent")[0] is None


def test_a_server_elsewhere_is_refused(place, machine):
    other = Place(machine, "other")
    other.cluster.start()
    moved = other.cluster.data.with_name("moved")
    other.cluster.data.rename(moved)
    try:
        other.failed(other.spawn(), "on the server's host")
    finally:
        moved.rename(other.cluster.data)
        other.cluster.stop("immediate")


def test_a_standby_is_backed_up_with_its_own_end(machine):
    place = Place(machine, "leader")
    place.cluster.start()
    standby = place.cluster.copy("follower")
    standby.configure(restore_command=f"{machine.bin}/barman-cloud-wal-restore {place.url} {SERVER} %f %p",
                      archive_mode="off", wal_retrieve_retry_interval="100ms")
    standby.signal_file("standby.signal")
    place.cluster.archive_everything()
    standby.start()
    backup_id, _ = place.backup("--wal-timeout", "0", cluster=standby)
    standby.stop("immediate")
    place.cluster.stop("immediate")
    info = place.infos()[backup_id]
    assert info["status"] == "DONE" and info["end_xlog"] != "None" and info["timeline"] == "1"
    assert "BACKUP FROM: standby\n" in ast.literal_eval(info["backup_label"])


def test_symlinked_wal_and_configuration_outside(machine):
    place = Place(machine, "debian")
    cluster = place.cluster
    outside = machine.folder / "etc"
    outside.mkdir()
    (cluster.data / "pg_wal").rename(machine.folder / "wal")
    (cluster.data / "pg_wal").symlink_to(machine.folder / "wal")
    for name in ("postgresql.conf", "pg_hba.conf"):
        (cluster.data / name).rename(outside / name)
    (outside / "more.conf").write_text("work_mem = '5MB'\n")
    with open(outside / "postgresql.conf", "a", encoding="utf-8") as file:
        file.write(f"data_directory = '{cluster.data}'\nhba_file = '{outside}/pg_hba.conf'\n"
                   f"ident_file = '{outside}/missing.conf'\ninclude = 'more.conf'\n")
    own_all(machine, outside)
    machine.run("pg_ctl", "-D", cluster.data, "-o", f"-c config_file={outside}/postgresql.conf", "-l",
                cluster.log_file, "-w", "start")
    backup_id, output = place.backup()
    cluster.stop("immediate")
    found = [member.name for member in members(place.folder(backup_id) / "data.tar")]
    assert found[-4:] == ["global/pg_control", "postgresql.conf", "pg_hba.conf", "backup_label"]
    assert not any(name.startswith("pg_wal/0") for name in found)
    assert re.search(rf"WARNING: .*outside of the data directory.*{outside}/more.conf", output)


def test_on_s3_nothing_is_left_of_an_interrupted_backup(place, rgw, s3, bucket):
    where = ("--endpoint-url", rgw["S3_ENDPOINT"])
    url = f"s3://{bucket}/pg"
    process = place.spawn(*where, "--tag", "kind,base", "--wal-timeout", "0", url=url)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "cannot be restored before" in output  # its WAL goes elsewhere
    process = place.spawn(*where, *SLOW, url=url)
    until(lambda: b"<Upload>" in s3.request("GET", bucket, query={"uploads": ""})[2], "an upload to begin")
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "interrupted by SIGTERM" in output
    assert b"<Upload>" not in s3.request("GET", bucket, query={"uploads": ""})[2]


def test_a_missing_bucket_is_exit_1_before_the_checkpoint(place, rgw):
    checkpoint = place.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()")
    made, output = place.backup("--endpoint-url", rgw["S3_ENDPOINT"], url="s3://no-such-bucket-here", status=1)
    assert made is None and "no-such-bucket-here" in output
    assert place.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()") == checkpoint
