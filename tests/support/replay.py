"""A server that replays what wal-restore fetches ahead for it, and the background fetchers that it leaves."""
import ctypes
import functools
import os
import pathlib
import signal
import time

from support.segments import segment_bytes
from support.site import expect

MIB = 1 << 20
PR_SET_CHILD_SUBREAPER = 36
CLUE = "fetching ahead into "


def name_of(number, timeline=1):
    """The name of a segment of 1 MiB."""
    return f"{timeline:08X}{number >> 12:08X}{number & 0xfff:08X}"


@functools.cache
def _pattern():
    return segment_bytes(seed=11, size=MIB)


def content_of(number, timeline=1):
    content = bytearray(_pattern())
    content[64:72] = (timeline << 32 | number).to_bytes(8, "little")
    return bytes(content)


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found


def _adopt_orphans(whether):
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(whether), 0, 0, 0) == 0


class Fetchers:
    """Those of the spools below `folder`. If so told, this process adopts them, as the postmaster does that is the first
    process of a container, and so learns how they end."""

    def __init__(self, folder, adopted=False):
        self.folder = str(folder)
        _adopt_orphans(adopted)

    def _processes(self):
        """pid -> whether it is named already: one that has just begun is a copy of the command that has left it to us."""
        found = {}
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                program, *words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
                status = (process / "status").read_text()
            except OSError:
                continue
            named = f"{CLUE}{self.folder}/" in program
            begun = (program.endswith("barman-cloud-wal-restore") and any(f"{self.folder}/" in word for word in words)
                     and f"\nPPid:\t{os.getpid()}\n" in status)
            if "\nState:\tZ" not in status and (named or begun):
                found[int(process.name)] = named
        return found

    def alive(self):
        return list(self._processes())

    def one(self):
        """The pid of the only one, as soon as there is only one; it is at work then."""
        def only():
            found = self._processes()
            return list(found) if len(found) == 1 and all(found.values()) else []
        return until(only)[0]

    @staticmethod
    def status(pid=-1, seconds=60):
        """The wait status of this one, or of any, that has ended or ends within that time."""
        def ended():
            found, status = os.waitpid(pid, os.WNOHANG)
            return (status,) if found else None
        return until(ended, seconds)[0]

    def close(self):
        killed = self.alive()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        for pid in [*killed, -1]:
            try:
                while os.waitpid(pid, 0 if pid > 0 else os.WNOHANG)[0] > 0:
                    pass
            except ChildProcessError:
                pass
        _adopt_orphans(False)


class Replay:
    """One server on `site`."""

    def __init__(self, site, parallel=4, spool=None):
        self.site, self.parallel = site, parallel
        self.spool = pathlib.Path(spool or site.folder / "spool")

    def restore(self, number, *options, timeline=1, site=None):
        return (site or self.site).restore("-p", str(self.parallel), "--spool-dir", self.spool, *options,
                                           name=name_of(number, timeline))

    def replay(self, numbers, timeline=1):
        for number in numbers:
            expect(self.restore(number, timeline=timeline), 0)
            assert self.site.restored() == content_of(number, timeline)

    def folder(self):
        folder, = self.spool.iterdir()
        return folder

    def files(self):
        return sorted(path.name for path in self.folder().iterdir())

    def waiting(self):
        """The segments in the spool."""
        return [name for name in self.files() if len(name) == 24]

    def note(self):
        """How the last fetcher ended."""
        return (self.folder() / "fetcher").read_text()
