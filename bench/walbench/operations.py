"""What is measured: each operation is a set of contenders that do the same thing in their own way."""
import dataclasses
import itertools
import shlex
import subprocess

from walbench.contenders import COMPARED, FOLDER, PLAIN, SNAPPY, four_at_a_time, in_a_row, one, several
from walbench.segments import name_of
from common.measure import BenchError

RECOVERY_FILE = "RECOVERYXLOG"
STORED = "stored"  # the server name under which the segments to restore lie


@dataclasses.dataclass
class Bench:
    """What every operation needs: contenders, segments, and room on disk."""

    ours: object
    original: object
    curl: object
    segments: list
    work: object
    environment: dict
    pgbackrest: object = None
    numbers: object = dataclasses.field(default_factory=itertools.count)


class ArchiveRun:
    """Archives `count` segments as the next ones of its own server."""

    def __init__(self, bench, store, form, shape, count, line_for):
        self.bench, self.store, self.form, self.shape, self.line_for = bench, store, form, shape, line_for
        self.segments = bench.segments[:count]
        self.environment = store.environment(bench.environment)
        self.server = f"server{next(bench.numbers)}"
        self.following = itertools.count(1)
        self.named = []

    def prepare(self):
        folder = self.bench.work / "pg_wal"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        self.named = [folder / name_of(next(self.following)) for _ in self.segments]
        for path, name in zip(self.segments, self.named):
            name.hardlink_to(path)

    def command(self):
        arguments = [str(path) for path in self.named]
        return self.shape(self.line_for(self.server), arguments[0] if self.shape is one else arguments)

    def check(self):
        if not self.store.keeps_objects:
            return
        for path in self.named:
            key = f"{self.server}/wals/{path.name[:16]}/{path.name}{self.form.suffix}"
            head = self.store.client.head(self.store.bucket, key)
            if head is None:
                raise BenchError(f"{key} was not stored")
            if self.form is PLAIN and int(head["content-length"]) != path.stat().st_size:
                raise BenchError(f"{key} was stored with another length")

    def clean(self):
        self.store.remove_folder(self.server)


class RestoreRun:
    """Restores `count` segments; the files are new each time."""

    def __init__(self, bench, store, form, shape, count, line):
        self.bench, self.form, self.shape, self.line = bench, form, shape, line
        self.names = [path.name for path in bench.segments[:count]] if form is PLAIN else [form.stored_name]
        self.environment = store.environment(bench.environment)

    def prepare(self):
        pass

    def command(self):
        return self.shape(self.line, self.names[0] if self.shape is one else self.names)

    def check(self):
        for path in (self.bench.work / "out").iterdir():
            name = self.names[-1] if path.name == RECOVERY_FILE else path.name
            if path.read_bytes() != self.bench.segments[self.names.index(name)].read_bytes():
                raise BenchError(f"{name} was restored with other bytes")

    def clean(self):
        for path in (self.bench.work / "out").iterdir():
            path.unlink()


class PgBackRestArchive(ArchiveRun):
    def check(self):
        if not any(self.segments[0].name in key for key in self.bench.pgbackrest.keys()):
            raise BenchError("pgBackRest stored nothing")

    def clean(self):
        self.bench.pgbackrest.forget_run()


class VersionRun:
    def __init__(self, bench, line):
        self.environment, self.line = bench.environment, line

    def command(self):
        return ["/bin/sh", "-c", f"exec {self.line}"]

    def prepare(self):
        pass

    check = clean = prepare


def archive(bench, store, form, shape=one, count=1):
    def run(line_for):
        return ArchiveRun(bench, store, form, shape, count, line_for)

    contenders = {"ours": run(lambda server: bench.ours.archive(store, server, form))}
    if form is not SNAPPY:
        contenders["curl"] = run(lambda server: bench.curl.archive(store, server, form, bench.work / "scratch"))
    if form.original_has_it:
        contenders["original"] = run(lambda server: bench.original.archive(store, server, form))
    if compared_with_pgbackrest(bench, store, form, shape):
        contenders["pgBackRest"] = PgBackRestArchive(bench, store, form, shape, count,
                                                     lambda server: bench.pgbackrest.archive(form))
    return contenders


def restore(bench, store, form, shape=one, count=1):
    def run(line):
        return RestoreRun(bench, store, form, shape, count, line)

    out = shlex.quote(str(bench.work / "out"))
    # What PostgreSQL asks for; it syncs the file itself. Side by side each needs a name of its own, and
    # under any other name ours syncs, as `curl + sync` does.
    synced = f'{out}/"$f"'
    target = synced if shape is four_at_a_time else f"{out}/{RECOVERY_FILE}"
    contenders = {"ours": run(bench.ours.restore(store, STORED, form, target)),
                  "curl": run(bench.curl.restore(store, STORED, form, target)),
                  "ours, synced": run(bench.ours.restore(store, STORED, form, synced)),
                  "curl + sync": run(bench.curl.restore(store, STORED, form, synced, sync=True))}
    if form.original_has_it:
        contenders["original"] = run(bench.original.restore(store, STORED, form, target))
    if compared_with_pgbackrest(bench, store, form, shape):
        contenders["pgBackRest"] = run(bench.pgbackrest.restore(target))
    if count > 1 and shape is in_a_row:
        spool = f"-p 4 --spool-dir {bench.work}/spool"
        contenders["ours, -p 4"] = run(bench.ours.restore(store, STORED, form, target, spool))
    return contenders


def compared_with_pgbackrest(bench, store, form, shape):
    """One segment at a time, over https, which is all that it speaks."""
    return bench.pgbackrest and store.ca_file and form in COMPARED and shape is one


def concurrent(bench, store, at_once):
    """All segments, so many processes at a time; one that fails fails the run."""
    def run(count):
        return ArchiveRun(bench, store, PLAIN, lambda line, arguments: several(line, arguments, count),
                          len(bench.segments), lambda server: bench.ours.archive(store, server, PLAIN))

    return {f"{count} at once": run(count) for count in at_once}


def version(bench):
    return {name: VersionRun(bench, contender.version())
            for name, contender in (("ours", bench.ours), ("curl", bench.curl), ("original", bench.original))}


def stored_objects(bench):
    """key -> file of everything that is restored: the plain segments, and the first one in each compressed form."""
    folder = f"{STORED}/{FOLDER}"
    objects = {f"{folder}/{path.name}": path for path in bench.segments}
    for form in COMPARED[1:]:
        packed = bench.work / f"{form.stored_name}{form.suffix}"
        with packed.open("wb") as target:
            subprocess.run([*form.compress.split(), bench.segments[0]], stdout=target, check=True)
        objects[f"{folder}/{packed.name}"] = packed
    return objects


def upload(bench, store, objects):
    for key, path in objects.items():
        store.client.put(store.bucket, key, path.read_bytes())
    if bench.pgbackrest:
        for form in COMPARED:
            original = bench.segments[0]
            copy = bench.work / form.stored_name
            copy.write_bytes(original.read_bytes())
            bench.pgbackrest.keep(form, copy)
