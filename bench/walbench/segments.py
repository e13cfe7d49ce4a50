"""WAL segments that compress like a busy system's, 3 to 5 : 1 (those of pgbench, 10 to 16 : 1, mislead)."""
import random

from support.segments import segment_bytes

SEGMENT_SIZE = 16 * 1024 * 1024
PAGE_SIZE = 8192


def name_of(number):
    return f"00000001{number // 256:08X}{number % 256:08X}"


def make_segments(folder, count):
    """Writes `count` different segments and returns their paths.

    All but the first are its pages in another order, which costs less and leaves the statistics as they are.
    """
    first = segment_bytes(seed=1, size=SEGMENT_SIZE)
    header = first[:40]
    pages = [first[at:at + PAGE_SIZE] for at in range(PAGE_SIZE, SEGMENT_SIZE, PAGE_SIZE)]
    paths = []
    for number in range(1, count + 1):
        random.Random(number).shuffle(pages)
        page_address = (number * SEGMENT_SIZE).to_bytes(8, "little")
        path = folder / name_of(number)
        path.write_bytes(header[:8] + page_address + header[16:] + first[40:PAGE_SIZE] + b"".join(pages))
        paths.append(path)
    return paths
