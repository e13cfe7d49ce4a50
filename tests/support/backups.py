"""A small cluster with everything that a base backup must cope with, and those who back it up and restore it.

Everything runs as the clusters' user, as it does in practice.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess

from support.postgres import Host, until

SERVER = "main"
ID = re.compile(r"[0-9]{8}T[0-9]{6}")

# The ordinary tables: unlogged ones are empty after a restore, temporary ones gone.
TABLES = """select c.oid::regclass from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname = 'public' order by 1"""


class Place:
    """Where one server's archive is; the arguments that name it."""

    def __init__(self, url, endpoint=None, server=SERVER, provider=()):
        """`provider`: options that say which store it is, where the URL alone does not."""
        self.url, self.endpoint, self.server, self.provider = url, endpoint, server, list(provider)

    @property
    def options(self):
        return self.provider + (["--endpoint-url", self.endpoint] if self.endpoint else [])

    @property
    def positionals(self):
        return [self.url, self.server]

    def through(self, endpoint):
        """The same archive, reached by another way."""
        return Place(self.url, endpoint, self.server, self.provider)


class Side:
    """The commands in one folder, ours or the original's: side("backup-list", place, ...) -> CompletedProcess."""

    def __init__(self, host, folder):
        self.host, self.folder = host, pathlib.Path(folder)

    def line(self, command, place, *options, after=()):
        """`options` go before the archive's URL and server, `after` behind them."""
        words = [self.folder / f"barman-cloud-{command}", *place.options, *options, *place.positionals, *after]
        return [str(word) for word in words]

    def __call__(self, command, place, *options, after=(), timeout=180, **environment):
        line = self.line(command, place, *options, after=after)
        return subprocess.run(line, timeout=timeout, **self._context(environment), check=False)

    def start(self, command, place, *options, after=(), **environment):
        return subprocess.Popen(self.line(command, place, *options, after=after), **self._context(environment))

    def _context(self, changes):
        changed = {**self.host.environment, **{name: str(value) for name, value in changes.items()}}
        return {"env": changed, "cwd": self.host.folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE, "text": True, **self.host.identity}

    def backups(self, place):
        """What the list says of each backup, the oldest first."""
        done = self("backup-list", place, "--format", "json")
        assert (done.returncode, done.stderr) == (0, ""), f"the catalogue cannot be read: {done}"
        return json.loads(done.stdout)["backups_list"]

    def ids(self, place, *statuses):
        return [backup["backup_id"] for backup in self.backups(place) if not statuses or backup["status"] in statuses]

    def backup(self, place, cluster, *options, **named):
        return self("backup", place, "--port", cluster.port, "--immediate-checkpoint", *options, **named)

    def taken(self, place, cluster, *options):
        """The id of a backup that must succeed."""
        before = set(self.ids(place))
        succeeds(self.backup(place, cluster, *options))
        [new] = [backup for backup in self.backups(place) if backup["backup_id"] not in before]
        assert new["status"] == "DONE", new
        return new["backup_id"]

    def restore(self, place, backup_id, target, *options, **named):
        return self("restore", place, *options, after=[backup_id, target], **named)

    def restored(self, place, backup_id, name, *options, with_manifest=False):
        """A cluster that is not started yet, out of a restore that must succeed (`with_manifest`: to the file)."""
        cluster = self.host.cluster(name)
        succeeds(self.restore(place, backup_id, cluster.data, *options))
        if with_manifest:
            accepted_by_postgresql(self.host, cluster.data)
        return cluster.configure(port=cluster.port, archive_mode="off")


def succeeds(done):
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}{done.stdout}"
    return done


class BackupHost(Host):
    """A host whose clusters archive with ours to a place that can be changed at any time. `rgw`: the settings of an S3
    service; for another store, what is put into `environment` before the first cluster starts."""

    def __init__(self, commands, rgw=None):
        settings = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
        super().__init__(sorted(pathlib.Path(commands).glob("barman-cloud-*")), {
            **{name: rgw[name] for name in settings if rgw}, "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "2", "PYTHONDONTWRITEBYTECODE": "1"})
        self.ours, self.original = Side(self, self.bin), Side(self, "/usr/bin")
        self.archiver = self.folder / "archiver"
        self.archive_nowhere()

    def archive_to(self, place, *options, side=None):
        line = " ".join(map(shlex.quote, (side or self.ours).line("wal-archive", place, *options)))
        self._archive_by(f'exec {line} "$1"')

    def archive_nowhere(self):
        """Segments are dropped: a failing archiver would make PostgreSQL wait for a minute later on."""
        self._archive_by("exit 0")

    def _archive_by(self, line):
        self.file("archiver.new", f"#!/bin/sh\n{line}\n", 0o755).rename(self.archiver)

    def fetch(self, place, side=None):
        """A restore_command."""
        return " ".join(map(shlex.quote, (side or self.ours).line("wal-restore", place))) + " %f %p"

    def remove_clusters(self, *kept):
        """All but these, with their folders."""
        for cluster in [cluster for cluster in self.clusters if cluster not in kept]:
            if (cluster.data / "postmaster.pid").exists():
                cluster.stop("immediate")
            shutil.rmtree(cluster.data, ignore_errors=True)
            self.clusters.remove(cluster)

    def directory(self, name):
        """An empty archive in a directory."""
        place = Place(f"file://{self.folder}/{name}")
        succeeds(self.ours("check-wal-archive", place))
        return place


class Source:
    """A running cluster with data checksums, tablespaces (one of them inside PGDATA, when asked for), an unlogged
    and a temporary table, and configuration outside PGDATA."""

    def __init__(self, host, segment_megabytes=1, scale=1, tablespace_inside=False):
        self.host = host
        self.cluster = host.cluster("source").create(segment_megabytes, "--data-checksums")
        self.temporary = None
        extra = host.file("extra.conf", "work_mem = '5MB'\n")
        hba = host.file("rules.conf", "local all all trust\n")
        self.cluster.configure(archive_command=f"{host.archiver} %p", hba_file=hba, archive_timeout=0,
                               shared_buffers="16MB", autovacuum="off")
        with open(self.cluster.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"include '{extra}'\n")
        self.locations = {"outside": host.folder / "spaces/outside", "second": host.folder / "spaces/second"}
        if tablespace_inside:
            self.locations["inside"] = self.cluster.data / "space_inside"
        self.start()
        self.cluster.pgbench("-i", "-q", "-s", str(scale))
        for name, location in self.locations.items():
            self._tablespace(name, location)
        self.sql("create unlogged table fleeting as select generate_series(1, 5000) as n")
        self.sql("create table wide as select n, string_agg(md5(n::text || k), '') as text "
                 "from generate_series(1, 50) n, generate_series(1, 400) k group by n")

    def _tablespace(self, name, location):
        location.mkdir(parents=True)
        self.host.own(location)
        self.sql(f"create tablespace {name} location '{location}'")
        self.sql(f"create table in_{name} (n int primary key using index tablespace {name}, text text) "
                 f"tablespace {name}")
        self.sql(f"insert into in_{name} select n, md5(n::text) from generate_series(1, 10000) n")

    def start(self):
        self.cluster.start()
        line = [self.cluster.host.programs / "psql", "-p", self.cluster.port, "-XAtq",
                "-c", "create temporary table passing as select generate_series(1, 5000) as n",
                "-c", "select pg_sleep(86400)"]
        self.temporary = self.host.spawn(*line)
        self.cluster.until("select count(*) = 1 from pg_stat_activity where query = 'select pg_sleep(86400)'")

    def sql(self, query):
        return self.cluster.sql(query)

    def change(self, transactions=200):
        self.cluster.pgbench("-t", str(transactions))
        for name in self.locations:
            self.sql(f"insert into in_{name} select max(n) + 1, 'more' from in_{name}")

    def point(self, name):
        """A restore point, and the facts that must hold there."""
        expected = facts(self.cluster)
        self.sql(f"select pg_create_restore_point('{name}')")
        return expected

    def mistake(self):
        """What nobody wants to see after recovery."""
        for name in self.locations:
            self.sql(f"update in_{name} set text = 'mistaken' where n % 3 = 0")

    def kill(self):
        """The postmaster and all its children, at once, as by the kernel."""
        postmaster = self._postmaster()
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True,
                                  check=True).stdout.split()
        self.killed = [postmaster, *map(int, children)]
        for pid in self.killed:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def start_again(self):
        """After kill(). A process that is dead but not reaped still counts as alive for PostgreSQL's lock file, and one that
        is about to die still holds its memory."""
        def gone(pid):
            try:
                state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            except (FileNotFoundError, ProcessLookupError):
                return True
            return state == "Z" and pid != self.killed[0]
        until(lambda: all(map(gone, self.killed)), "its processes to be gone")
        self.temporary.wait(30)
        self.start()

    def _postmaster(self):
        return int((self.cluster.data / "postmaster.pid").read_text().split()[0])


def facts(cluster):
    """Each ordinary table with its number of rows and their digest."""
    assert cluster.sql("select 1") == "1"
    names = cluster.sql(TABLES).split()
    queries = [f"select '{name}', count(*), md5(string_agg(r::text, ';' order by r::text)) from {name} r"
               for name in names]
    return cluster.sql(" union all ".join(queries) + " order by 1").splitlines()


def recover(cluster, fetch, target=None, timeline=None):
    """Recovers to the restore point, or to the end of the archive, and opens for writing."""
    settings = {"recovery_target_name": target, "recovery_target_action": "promote"} if target else {}
    if timeline:
        settings["recovery_target_timeline"] = timeline
    cluster.recover(fetch, **settings)
    return cluster.promoted()


def sound(cluster):
    """Passes PostgreSQL's own judges of a cluster's pages and indexes. It is stopped then."""
    assert cluster.sql("select count(*) from fleeting") == "0", "an unlogged table is not empty"
    cluster.host.run("pg_amcheck", "-p", cluster.port, "--all", "--install-missing", "--heapallindexed", timeout=300)
    cluster.stop()
    _, output = cluster.host.run("pg_checksums", "--check", "-D", cluster.data, timeout=300)
    assert re.search(r"Bad checksums: +0\b", output) and re.search(r"Files scanned: +[1-9]", output), output


def accepted_by_postgresql(host, data):
    """The restored files are those of the backup_manifest. Before the first start only."""
    assert (data / "backup_manifest").is_file(), "no backup_manifest was restored"
    host.run("pg_verifybackup", "--no-parse-wal", data, timeout=300)
