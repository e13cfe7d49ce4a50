"""The bytes of objects and of parts of uploads: files in one folder, read and written without copies of their own.

A Blob is a row of Files, so that a multipart upload is completed without moving a byte.
"""
import base64
import ctypes
import dataclasses
import hashlib
import itertools
import os

from support.gcs_server import crc32c
from support.gcs_server.refusals import bad_digest, invalid
from support.gcs_server.wire import PIECE, Disconnected


@dataclasses.dataclass
class Span:
    """A stretch of an open file, to be sent and closed."""
    descriptor: int
    offset: int
    length: int

    def close(self):
        os.close(self.descriptor)


class File:
    """`size` bytes from `start` of a file that this alone names; `crc` is their CRC-32C."""

    def __init__(self, path):
        self.path, self.start, self.size, self.crc = path, 0, 0, 0

    def append(self, body):
        """What arrives of a request's body is added to the file, and to `size` and `crc`: all of it, or what came
        before the peer went away (then Disconnected)."""
        with open(self.path, "ab", buffering=0) as file:
            for piece in body.pieces():
                self._add(piece)
                file.write(piece)

    def append_from(self, body, skip):
        """The same without the first `skip` bytes of the body."""
        with open(self.path, "ab", buffering=0) as file:
            for piece in body.pieces():
                kept = piece[min(skip, len(piece)):]
                skip -= len(piece) - len(kept)
                self._add(kept)
                file.write(kept)

    def _add(self, piece):
        if piece.nbytes:
            self.crc = crc32c.update(ctypes.addressof(ctypes.c_char.from_buffer(piece)), piece.nbytes, self.crc)
            self.size += piece.nbytes

    def truncate(self, size):
        os.truncate(self.path, size)
        self.narrow(0, size)

    def narrow(self, start, size):
        """From now on only this stretch counts."""
        self.start, self.size, self.crc = start, 0, 0
        for piece in read_pieces(self.path, start, size):
            self._add(piece)

    def bytes(self, start, count):
        with open(self.path, "rb") as file:
            return os.pread(file.fileno(), count, start)

    def remove(self):
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass


def read_pieces(path, start, size):
    buffer = memoryview(bytearray(min(PIECE, size)))
    with open(path, "rb", buffering=0) as file:
        while size:
            count = os.preadv(file.fileno(), [buffer[:min(len(buffer), size)]], start)
            assert count, f"{path} is shorter than it was"
            yield buffer[:count]
            start, size = start + count, size - count


class Blob:
    """What an object holds. `with_md5`: Google knows no MD5 of objects that were uploaded in parts."""

    def __init__(self, files, with_md5=True):
        self.files, self.with_md5, self._md5 = files, with_md5, None
        self.size, self.crc = 0, 0
        for file in files:
            self.crc = crc32c.combine(self.crc, file.crc, file.size) if self.size else file.crc
            self.size += file.size

    @property
    def crc_text(self):
        return crc32c.text(self.crc)

    @property
    def md5_text(self):
        """Computed when somebody asks: MD5 is by far the slowest thing here."""
        if self._md5 is None and self.with_md5:
            digest = hashlib.md5()
            for file in self.files:
                for piece in read_pieces(file.path, file.start, file.size):
                    digest.update(piece)
            self._md5 = base64.b64encode(digest.digest()).decode()
        return self._md5

    def open(self, first=0, count=None):
        """Spans for these bytes, which stay readable whatever happens to the object."""
        end = self.size if count is None else first + count
        spans, position = [], 0
        for file in self.files:
            start, stop = max(first, position), min(end, position + file.size)
            if start < stop:
                spans.append(Span(os.open(file.path, os.O_RDONLY), file.start + start - position, stop - start))
            position += file.size
        return spans

    def remove(self):
        for file in self.files:
            file.remove()


class Store:
    """Where the files are."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.numbers = folder, itertools.count(1)

    def new(self):
        return File(os.path.join(self.folder, f"{next(self.numbers):08d}"))

    def receive(self, body):
        """A request's body as a File; nothing is left of one that is cut short."""
        file = self.new()
        try:
            file.append(body)
            if not file.size:
                open(file.path, "wb").close()
        except (Disconnected, OSError):
            file.remove()
            raise
        return file


def declared_digests(request):
    """{"crc32c": text, "md5": text} from x-goog-hash and Content-MD5."""
    found = {}
    for item in filter(None, (part.strip() for part in request.header("x-goog-hash", "").split(","))):
        algorithm, equals, value = item.partition("=")
        if algorithm not in ("crc32c", "md5") or not equals or algorithm in found:
            raise invalid(f"Invalid x-goog-hash value: {item}")
        found[algorithm] = value
    if request.header("content-md5") is not None:
        found["md5"] = request.header("content-md5")
    return found


def check_digests(blob, declared):
    """`declared`: {"crc32c": text, "md5": text}, as far as the client said."""
    for name, width, label in (("crc32c", 4, "CRC32C"), ("md5", 16, "MD5 hash")):
        given = declared.get(name)
        if given is None:
            continue
        try:
            if len(base64.b64decode(given, validate=True)) != width:
                raise ValueError
        except ValueError:
            raise invalid(f'Invalid {label}: "{given}"') from None
        computed = blob.crc_text if name == "crc32c" else Blob(blob.files).md5_text
        if given != computed:
            raise bad_digest(label, given, computed)
