"""Writes snappy's framing format (framing_format.txt of the snappy project), for tests of its readers."""
STREAM_IDENTIFIER = b"\xff\x06\x00\x00sNaPpY"
COMPRESSED, STORED, PADDING = 0x00, 0x01, 0xFE
LARGEST = 65536  # uncompressed bytes in one chunk

_CRC_TABLE = []
for _value in range(256):
    for _ in range(8):
        _value = (_value >> 1) ^ (0x82F63B78 if _value & 1 else 0)
    _CRC_TABLE.append(_value)


def masked_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8 & 0xFFFFFFFF).to_bytes(4, "little")


def block(data):
    """`data` (at most 65536 bytes) in the block format: literals, and copies of what was seen before."""
    out, size = bytearray(), len(data)
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    seen, start, at = {}, 0, 0
    while at < len(data):
        word = data[at:at + 8]
        before = seen.get(word)
        seen[word] = at
        if before is None or len(word) < 8:
            at += 1
            continue
        length = 8
        while length < 64 and at + length < len(data) and data[before + length] == data[at + length]:
            length += 1
        out += _literals(data[start:at]) + bytes([length - 1 << 2 | 2]) + (at - before).to_bytes(2, "little")
        at = start = at + length
    return bytes(out + _literals(data[start:]))


def _literals(data):
    if not data:
        return b""
    return bytes([61 << 2]) + (len(data) - 1).to_bytes(2, "little") + data


def chunk(kind, body):
    return bytes([kind]) + len(body).to_bytes(3, "little") + body


def stream(data, kind=COMPRESSED):
    """A complete stream: the identifier, then chunks of one kind."""
    chunks = [STREAM_IDENTIFIER]
    for at in range(0, len(data), LARGEST):
        piece = data[at:at + LARGEST]
        chunks.append(chunk(kind, masked_crc32c(piece) + (block(piece) if kind == COMPRESSED else piece)))
    return b"".join(chunks)
