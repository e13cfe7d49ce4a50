"""Base backups and restores over a long wire; the same contender on every wire."""
from basebench import operations


class Backup(operations.BarmanBackup):
    """One that can be restored, wherever it was stored."""

    def clean(self):
        self.bench.gateway = self.store
        super().clean()


class Restore(operations.RestoreRun):
    """The store has everything in its memory: nothing to read first."""

    def _read_through(self):
        pass


def backups(bench, codec, wires):
    """wire -> run"""
    return {store.name: Backup(bench, store, codec, store.name, bench.ours) for store in wires}


def restores(bench, codec, wires):
    found = {}
    for store in wires:
        stored = bench.stored[store.name, codec.name]
        line = bench.ours.restore(store, stored.server, stored.id, bench.target)
        found[store.name] = Restore(bench, store, stored, line)
    return found
