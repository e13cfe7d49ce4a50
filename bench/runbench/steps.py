"""What bench/run runs: the other benchmarks, whole or small."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Step:
    name: str  # of its section on the page of results
    script: str
    whole: tuple = ()
    quick: tuple = ()
    minutes: tuple = (0, 0)  # about so long, whole and quick
    gateway: bool = False  # needs the Ceph gateway


STEPS = (
    Step("wal", "wal", (), ("--quick", "--rounds", "1"), (15, 4), gateway=True),
    Step("concurrent", "wal", ("--concurrent",), ("--quick", "--rounds", "1", "--concurrent", "1", "4", "16"), (4, 1),
         gateway=True),
    Step("wire", "wire", (), ("--quick", "--segments", "16"), (25, 2)),
    Step("base", "base", (), ("--size", "100M", "--rounds", "1", "--only", "(backup|restore) (plain|zstd)"), (120, 3),
         gateway=True),
    Step("memory", "memory", (), ("--gib", "1", "--files", "10", "--codecs", "plain", "zstd"), (15, 1)),
    Step("catalogue", "catalogue", (), ("--backups", "50", "--segments", "2000", "--rounds", "1"), (60, 1),
         gateway=True),
    Step("stores", "stores", (), ("--size", "60", "--rounds", "1", "--wal-rounds", "2"), (15, 2)),
    Step("micro", "pieces", (), ("--seconds", "0.02", "--rounds", "1"), (2, 1)),
)
