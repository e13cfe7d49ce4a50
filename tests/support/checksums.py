"""The checksums that stores know, from their definitions: what their headers must hold (base64)."""
import base64
import hashlib
import zlib


def _table(polynomial):
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (polynomial if value & 1 else 0)
        table.append(value)
    return table


_CRC32C = _table(0x82F63B78)  # Castagnoli, reflected
_CRC64NVME = _table(0x9A6C9329AC4BC9B5)  # NVM Express, reflected


def _crc(data, table, width):
    value = ones = (1 << width) - 1
    for byte in data:
        value = (value >> 8) ^ table[(value ^ byte) & 0xFF]
    return (value ^ ones).to_bytes(width // 8, "big")


_ALGORITHMS = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "crc32c": lambda data: _crc(data, _CRC32C, 32),
    "crc64nvme": lambda data: _crc(data, _CRC64NVME, 64),
    "sha1": lambda data: hashlib.sha1(data).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
}


def checksum(algorithm, data):
    """For x-amz-checksum-*: big endian."""
    return base64.b64encode(_ALGORITHMS[algorithm](data)).decode()


def content_md5(data):
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def content_crc64(data):
    """For Azure's x-ms-content-crc64: the same CRC-64 as NVMe's, little endian."""
    return base64.b64encode(_crc(data, _CRC64NVME, 64)[::-1]).decode()
