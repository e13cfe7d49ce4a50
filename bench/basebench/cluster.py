"""The cluster that is backed up: tables whose rows compress like a business's, 3 to 5 : 1 (pgbench's: 20 : 1)."""
import concurrent.futures
import contextlib
import filecmp
import mmap
import os
import random
import re
import string
import subprocess

from common.measure import BenchError

ROWS = 200_000  # of one table; with its indexes about 60 MB
LARGE = 1024 * 1024
# A statement may go over several lines of the log.
DURATION = re.compile(r"duration: ([\d.]+) ms (?:(?!duration: ).)*?"
                      r"pg_(?:backup_(?:start|stop)|(?:start|stop)_backup) *\(", re.DOTALL)
SAMPLE_BYTES = 32 * 1024 * 1024

# Phrases that come again and again, keys in order, amounts, and a random token per row. The seed makes every run's
# tables the same.
FILL = """
create function fill(name text, rows int, seed float8) returns void language plpgsql as $body$
declare
  phrases text[] := '{%s}';
begin
  perform setseed(seed);
  execute format('create table %%I (id bigint, customer int, created timestamptz, amount numeric(12,2), '
                 'state text, token uuid, filler text)', name);
  execute format($$
    insert into %%I
      select n, (random() * 100000)::int, timestamptz '2026-01-01' + n * interval '1.7 s',
             (random() * 10000)::numeric(12,2), (array['new','paid','sent','returned'])[1 + (random() * 3)::int],
             md5(random()::text)::uuid,
             (select string_agg($1[1 + floor(random() * array_length($1, 1))::int], ' ')
                from generate_series(1, 3 + n %%%% 3))
        from generate_series(1, $2) as n$$, name) using phrases, rows;
  execute format('create index on %%I (id)', name);
  execute format('create index on %%I (customer)', name);
end $body$
"""


def phrases(count):
    """Of five words each. Single words in random order would make gzip -9 search for ages, which no real text does."""
    generator = random.Random(7)
    words = ["".join(generator.choices(string.ascii_lowercase, k=generator.randint(3, 9))) for _ in range(3000)]
    return [" ".join(generator.choices(words, k=5)) for _ in range(count)]


class Source:
    """A running cluster of at least `size` bytes, in which nothing happens but what a backup asks for."""

    def __init__(self, host, size):
        self.host = host
        self.mapped = []
        self.archive_script = host.folder / "pgbackrest-or-barman"  # pgBackRest looks for its name in archive_command
        self.archive_with("exit 1")
        self.cluster = host.cluster("data")
        self._create(size)
        self.bytes = sum(path.stat().st_size for path in self.files())

    @property
    def data(self):
        return self.cluster.data

    def _create(self, size):
        cluster = self.cluster.create()
        # Without WAL: the tables are new in their transactions.
        cluster.configure(wal_level="minimal", max_wal_senders=0, archive_mode="off", autovacuum="off",
                          max_wal_size="2GB", maintenance_work_mem="128MB").start()
        cluster.sql(FILL % ",".join(phrases(300)))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            number = 0
            while int(cluster.sql("select pg_database_size(current_database())")) < size:
                list(pool.map(self._fill, range(number, number + 2)))
                number += 2
        cluster.sql("vacuum freeze")
        cluster.sql("checkpoint")
        cluster.stop()
        cluster.configure(wal_level="replica", max_wal_senders=5, archive_mode="on",
                          archive_command=f"/bin/sh {self.archive_script} %p", wal_log_hints="off",
                          log_min_duration_statement=0).start()
        subprocess.run(["sync", "-f", cluster.data], check=True)

    def _fill(self, number):
        self.cluster.sql(f"select fill('ledger_{number}', {ROWS}, {1 / (number + 2)})")

    def archive_with(self, line):
        """From now on a finished WAL segment, "$1", is archived by this line of shell."""
        self.host.file("archive.new", f"{line}\n").rename(self.archive_script)

    def log_end(self):
        return self.cluster.log_file.stat().st_size

    def waited(self, log_start):
        """Seconds that starting and stopping backups took since the log was so long: no contender can be faster."""
        with self.cluster.log_file.open(encoding="utf-8", errors="replace") as log:
            log.seek(log_start)
            return sum(float(found) for found in DURATION.findall(log.read())) / 1000

    def files(self):
        """What a backup holds: WAL is none of it, and neither is what says that the server runs."""
        for path in sorted(self.data.rglob("*")):
            inside = path.relative_to(self.data).parts
            if path.is_file() and inside[0] not in ("pg_wal", "postmaster.pid", "postmaster.opts"):
                yield path

    def warm(self):
        """Brings every file into the page cache, from where all contenders read. Large ones are mapped, so that they stay:
        some virtual machines give pages back to their host that were not used for seconds, but none that are mapped."""
        self.mapped.clear()
        for path in self.files():
            # The server removes files of its own accord.
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < LARGE:
                    file.read()
                else:
                    self.mapped.append(mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED | mmap.MAP_POPULATE, mmap.PROT_READ))

    def check_copy(self, folder):
        """The tables, to which nothing happens, must have come back byte for byte."""
        compared = 0
        for path in (self.data / "base").rglob("*"):
            if path.is_file() and path.stat().st_size >= LARGE:
                copy = folder / path.relative_to(self.data)
                if not copy.is_file() or not filecmp.cmp(path, copy, shallow=False):
                    raise BenchError(f"{copy} was not restored as it was")
                compared += 1
        if not compared or not (folder / "global/pg_control").is_file():
            raise BenchError(f"{folder} holds no cluster")

    def ratio(self):
        """What gzip -9 makes of blocks taken from all over the cluster."""
        step = max(1, self.bytes // SAMPLE_BYTES)
        packer = subprocess.Popen(["sh", "-c", "gzip -9 | wc -c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        taken = position = 0
        with packer.stdin as sink:
            for path in self.files():
                with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                    while block := file.read(LARGE):
                        if position % step == 0:
                            taken += sink.write(block)
                        position += 1
        packed = int(packer.stdout.read())
        packer.stdout.close()
        packer.wait()
        return taken / packed
