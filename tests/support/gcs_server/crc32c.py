"""CRC-32C (Castagnoli, RFC 3720) at the speed of memory, by Intel's libisal (Debian's libisal2)."""
import base64
import ctypes

_POLYNOMIAL = 0x82F63B78  # reflected
_ONES = 0xFFFFFFFF

try:
    _update = ctypes.CDLL("libisal.so.2").crc32_iscsi
except OSError as error:
    raise ImportError(f"{error}: run scripts/install-dependencies --test") from error
_update.argtypes, _update.restype = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint], ctypes.c_uint


def update(address, length, value=0):
    """The checksum of what had `value`, followed by `length` bytes of memory at `address`."""
    return _update(address, length, value ^ _ONES) ^ _ONES


def crc32c(data, value=0):
    """Of bytes."""
    return update(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data), value)


def _times(left, right):
    """The product of two polynomials modulo the CRC's; the coefficient of x^0 is the highest bit."""
    product = 0
    for bit in range(31, -1, -1):
        if left >> bit & 1:
            product ^= right
        right = (right >> 1) ^ (_POLYNOMIAL if right & 1 else 0)
    return product


def combine(first, second, second_length):
    """The checksum of two pieces in a row from those of the pieces."""
    shift, power, bits = 1 << 31, 1 << 30, 8 * second_length  # x^0, x^1
    while bits:
        if bits & 1:
            shift = _times(shift, power)
        power, bits = _times(power, power), bits >> 1
    return _times(shift, first) ^ second


def text(value):
    """As Google writes it: base64 of the big-endian bytes."""
    return base64.b64encode(value.to_bytes(4, "big")).decode()
