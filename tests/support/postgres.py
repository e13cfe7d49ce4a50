"""Throw-away PostgreSQL clusters that archive and recover with the commands under test.

PostgreSQL refuses to run as root, so under root everything here runs as another user, and the commands are
copied to where that user can reach them. Clusters listen on Unix sockets only; a port just names a socket.
"""
import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

SUPERUSER = "postgres"

# Every row of pgbench's tables, in an order that does not depend on how they lie on disk.
FINGERPRINT = """select md5(string_agg(row_text, ';' order by row_text)) from (
    select a::text from pgbench_accounts a union all select b::text from pgbench_branches b
    union all select t::text from pgbench_tellers t union all select h::text from pgbench_history h) as r(row_text)"""

# What each transaction of pgbench keeps equal.
BALANCED = """select (select sum(abalance) from pgbench_accounts) = (select sum(bbalance) from pgbench_branches)
    and (select sum(abalance) from pgbench_accounts) = (select sum(tbalance) from pgbench_tellers)
    and (select sum(abalance) from pgbench_accounts) = (select coalesce(sum(delta), 0) from pgbench_history)"""


def programs():
    """The folder of the newest PostgreSQL, or $PG_BIN."""
    chosen = os.environ.get("PG_BIN")
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    folder = pathlib.Path(chosen) if chosen else found[-1] if found else None
    assert folder and (folder / "initdb").exists(), "no PostgreSQL server: run scripts/install-dependencies"
    return folder


def until(condition, what, seconds=90):
    """Polls until condition() is true, and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"gave up waiting for {what}"
        time.sleep(0.05)


class Host:
    """A folder, a user and an environment in which clusters live; `commands` are the executables to copy."""

    def __init__(self, commands, environment):
        self.programs = programs()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tapster-pg-"))
        self.clusters = []
        self.identity = {}
        if os.geteuid() == 0:
            names = [entry.pw_name for entry in pwd.getpwall()]
            owner = pwd.getpwnam(SUPERUSER if SUPERUSER in names else "nobody")
            self.identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self.own(self.folder)
        self.bin = self.folder / "bin"
        self.bin.mkdir(mode=0o755)
        for command in commands:
            shutil.copy(command, self.bin)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "PGUSER": SUPERUSER, "PGDATABASE": "postgres", "PGHOST": str(self.folder), **environment}

    def own(self, path):
        if self.identity:
            os.chown(path, self.identity["user"], self.identity["group"])

    def file(self, name, content, mode=0o644):
        """A file for the clusters' user; returns its path."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        self.own(path)
        return path

    def spawn(self, *arguments, **options):
        return subprocess.Popen([str(argument) for argument in arguments], env=self.environment, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                **self.identity, **options)

    def run(self, program, *arguments, check=True, timeout=120):
        """Runs one of PostgreSQL's programs as the clusters' user; (status, output)."""
        process = self.spawn(self.programs / program, *arguments)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert not check or process.returncode == 0, f"{program} ended with {process.returncode}: {output}"
        return process.returncode, output

    def cluster(self, name):
        cluster = Cluster(self, name, 5433 + len(self.clusters))
        self.clusters.append(cluster)
        return cluster

    def close(self):
        for cluster in self.clusters:
            with contextlib.suppress(Exception):
                cluster.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


class Cluster:
    def __init__(self, host, name, port):
        self.host, self.name, self.port = host, name, port
        self.data = host.folder / name
        self.log_file = host.folder / f"{name}.log"

    def create(self, segment_megabytes=16, *options):
        self.host.run("initdb", "-D", self.data, "-U", SUPERUSER, "-A", "trust", "-N",
                      f"--wal-segsize={segment_megabytes}", *options)
        return self.configure(listen_addresses="", unix_socket_directories=self.host.folder, port=self.port,
                              fsync="off", wal_log_hints="on", archive_mode="on", archive_command="/bin/false",
                              max_wal_size="64MB", min_wal_size="32MB")

    def copy(self, name):
        """A base backup of this running cluster, without WAL: it ends once the WAL it needs is archived."""
        other = self.host.cluster(name)
        self.host.run("pg_basebackup", "-p", self.port, "-D", other.data, "-X", "none", "-c", "fast")
        return other.configure(port=other.port)

    def configure(self, **settings):
        lines = [f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'\n" for name, value in settings.items()]
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.writelines(lines)
        return self

    def signal_file(self, name):
        (self.data / name).touch()
        self.host.own(self.data / name)

    def start(self, check=True):
        """Returns once connections are accepted, or, without `check`, whether they are."""
        # pg_ctl's output goes to the log: a pipe would stay open in the server.
        status, _ = self.host.run("pg_ctl", "-D", self.data, "-l", self.log_file, "-w", "-t", "90", "start",
                                  check=False)
        assert status == 0 or not check, f"{self.name} did not start:\n{self.log()[-3000:]}"
        return status == 0

    def stop(self, mode="fast"):
        self.host.run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "60", "stop")

    def recover(self, restore_command, check=True, **settings):
        """Starts archive recovery; see start."""
        self.configure(restore_command=restore_command, archive_mode="off", **settings)
        self.signal_file("recovery.signal")
        return self.start(check)

    def running(self):
        return self.host.run("pg_ctl", "-D", self.data, "status", check=False)[0] == 0

    def until_stopped(self):
        until(lambda: not self.running(), f"{self.name} to stop")

    def sql(self, query):
        return self.host.run("psql", "-p", self.port, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", query)[1].strip()

    def until(self, query, seconds=90):
        """Polls until the query answers true; a server that does not accept connections yet is waited for."""
        def true():
            status, output = self.host.run("psql", "-p", self.port, "-XAtq", "-c", query, check=False)
            return status == 0 and output.strip() == "t"
        try:
            until(true, query, seconds)
        except AssertionError:
            raise AssertionError(f"{self.name}: gave up waiting for {query}\n{self.log()[-3000:]}") from None

    def promoted(self):
        self.until("select not pg_is_in_recovery()")
        return self

    def pgbench(self, *arguments):
        # -n: without it every run begins by emptying the history.
        self.host.run("pgbench", "-p", self.port, *(() if "-i" in arguments else ("-n",)), *arguments)

    def wake_archiver(self):
        """After a failure PostgreSQL waits for a second, and after three for up to a minute; a signal ends that."""
        self.sql("select pg_reload_conf()")

    def archive_everything(self, seconds=120):
        """Switches to a new segment and waits until all before it is archived; returns the last one's name."""
        last = self.sql("select pg_walfile_name(pg_switch_wal())")

        def archived():
            self.wake_archiver()
            ready = {path.name for path in (self.data / "pg_wal/archive_status").glob("*.ready")}
            return f"{last}.ready" not in ready and self.sql(
                f"select last_archived_wal >= '{last}' from pg_stat_archiver") == "t"
        until(archived, f"{last} to be archived", seconds)
        return last

    def fingerprint(self):
        assert self.sql(BALANCED) == "t", f"{self.name}: pgbench's balances differ"
        return self.sql(FINGERPRINT)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""
