"""WAL segments for tests and benchmarks."""
import random


def segment_bytes(seed=1, size=16 * 1024 * 1024, timeline=1, segment=1, segment_size=None):
    """A WAL segment's worth of bytes that compress about 4:1, with a valid long page header in front."""
    generator = random.Random(seed)
    words = [generator.randbytes(generator.randint(4, 24)) for _ in range(512)]
    chunks, total = [], 0
    while total < size:
        piece = generator.choice(words) if generator.random() < 0.75 else generator.randbytes(3)
        chunks.append(piece)
        total += len(piece)
    header = bytearray(40)
    header[0:2] = (0xD110).to_bytes(2, "little")        # xlp_magic of PostgreSQL 15
    header[2:4] = (0x0002).to_bytes(2, "little")        # XLP_LONG_HEADER
    header[4:8] = timeline.to_bytes(4, "little")
    header[8:16] = (segment * (segment_size or size)).to_bytes(8, "little")
    header[24:32] = (7710184336359879753).to_bytes(8, "little")
    header[32:36] = (segment_size or size).to_bytes(4, "little")
    header[36:40] = (8192).to_bytes(4, "little")
    return (bytes(header) + b"".join(chunks))[:size]
