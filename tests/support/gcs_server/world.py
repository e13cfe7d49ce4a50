"""Buckets and objects, under one lock. Object names are ordered by their UTF-8 bytes, as listings are."""
import base64
import bisect
import dataclasses
import re
import threading
import time

from support.gcs_server.refusals import (Refusal, condition_not_met, invalid, no_such_bucket, no_such_object,
                                         not_modified)

_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]")
_KMS_KEY = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/([^/]+)")
_METADATA_LIMIT = 8 * 1024  # names and values together


@dataclasses.dataclass
class Attributes:
    """What an upload says of the object that it will make."""
    content_type: str = "application/octet-stream"
    metadata: dict = dataclasses.field(default_factory=dict)
    kms_key: str = None
    storage_class: str = "STANDARD"

    def check(self):
        total = sum(len(name.encode()) + len(value.encode()) for name, value in self.metadata.items())
        if total > _METADATA_LIMIT:
            raise invalid(f"The custom metadata of the object has {total} bytes, which exceeds the limit of "
                          f"{_METADATA_LIMIT}.", code="MetadataTooLarge")
        if self.kms_key is not None:
            found = _KMS_KEY.fullmatch(self.kms_key)
            if not found:
                raise invalid(f"Malformed Cloud KMS crypto key: {self.kms_key}", code="CloudKmsBadKey")
            if found.group(1) == "denied":
                raise Refusal(403, "forbidden", "Permission denied on Cloud KMS key. Please ensure that your Cloud "
                              "Storage service account has been authorized to use this key.", summary="Access denied.")
        return self


@dataclasses.dataclass
class StoredObject:
    bucket: str
    name: str
    generation: int
    blob: object  # blobs.Blob
    attributes: Attributes
    created: float
    etag: str = None  # the XML API's, without quotes

    @property
    def json_etag(self):
        """Opaque to clients; Google's is such a protocol buffer of generation and metageneration."""
        value, encoded = self.generation, b"\x08"
        while value > 127:
            encoded, value = encoded + bytes([value & 127 | 128]), value >> 7
        return base64.b64encode(encoded + bytes([value]) + b"\x10\x01").decode()


@dataclasses.dataclass
class Conditions:
    """Preconditions on an object; a generation of 0 stands for its absence."""
    match: int = None
    not_match: int = None
    metageneration: int = None

    @staticmethod
    def of(parameter):
        """`parameter(name)` gives the text of ifGenerationMatch and the like, or None."""
        def number(name):
            text = parameter(name)
            if text is None:
                return None
            if not re.fullmatch(r"\d{1,19}", text):
                raise invalid(f'Invalid value for parameter {name}: "{text}"', "invalidParameter", name)
            return int(text)
        found = Conditions(number("ifGenerationMatch"), number("ifGenerationNotMatch"), number("ifMetagenerationMatch"))
        if found.match is not None and found.not_match is not None:
            raise invalid("ifGenerationMatch and ifGenerationNotMatch exclude each other.")
        return found

    def check(self, existing, reading=False):
        generation = existing.generation if existing else 0
        if self.match is not None and self.match != generation:
            raise condition_not_met()
        if self.not_match is not None and self.not_match == generation:
            raise not_modified() if reading else condition_not_met()
        if self.metageneration is not None and (not existing or self.metageneration != 1):
            raise condition_not_met()


class Bucket:
    def __init__(self, name, project):
        self.name, self.project, self.created = name, project, time.time()
        self.objects = {}  # name -> StoredObject
        self.order = []  # the names' bytes, sorted
        self.page_size = 1000  # tests make it smaller
        self.denied = set()  # permissions that nobody has here; see control.py


class World:
    def __init__(self, store):
        self.store, self.lock = store, threading.RLock()
        self.buckets = {}
        self.last_generation = 0

    def create_bucket(self, name, project):
        if not _BUCKET_NAME.fullmatch(name) or name.startswith("goog"):
            raise invalid(f"Invalid bucket name: '{name}'", code="InvalidBucketName")
        with self.lock:
            if name in self.buckets:
                raise Refusal(409, "conflict", "Your previous request to create the named bucket succeeded and you "
                              "already own it.", code="BucketAlreadyOwnedByYou")
            self.buckets[name] = Bucket(name, project)
            return self.buckets[name]

    def bucket(self, name):
        with self.lock:
            if name not in self.buckets:
                raise no_such_bucket()
            return self.buckets[name]

    def remove_bucket(self, name):
        with self.lock:
            if self.bucket(name).objects:
                raise Refusal(409, "conflict", "The bucket you tried to delete is not empty.", code="BucketNotEmpty")
            del self.buckets[name]

    def find(self, bucket, name, generation=None):
        """The object; with a generation, only that one."""
        with self.lock:
            found = self.bucket(bucket).objects.get(name)
            if not found or (generation is not None and found.generation != generation):
                raise no_such_object(bucket, name)
            return found

    def open(self, bucket, name, generation, conditions, stretch):
        """(object, spans of the bytes that `stretch(size)` -> (first, count) names): of one moment."""
        with self.lock:
            found = self.find(bucket, name, generation)
            conditions.check(found, reading=True)
            return found, found.blob.open(*stretch(found.blob.size))

    def put(self, bucket, name, blob, attributes, conditions, etag=None):
        """Makes the blob the object, if the conditions hold; otherwise the blob is the caller's still."""
        check_name(name)
        attributes.check()
        with self.lock:
            place = self.bucket(bucket)
            existing = place.objects.get(name)
            conditions.check(existing)
            self.last_generation = max(self.last_generation + 1, time.time_ns() // 1000)
            made = StoredObject(bucket, name, self.last_generation, blob, attributes, time.time(), etag)
            place.objects[name] = made
            if existing:
                existing.blob.remove()
            else:
                bisect.insort(place.order, name.encode())
            return made

    def remove(self, bucket, name, generation, conditions):
        with self.lock:
            found = self.find(bucket, name, generation)
            conditions.check(found)
            place = self.buckets[bucket]
            del place.objects[name]
            del place.order[bisect.bisect_left(place.order, name.encode())]
            found.blob.remove()

    def list(self, bucket, prefix, delimiter, start, end, after, limit):
        """(objects, prefixes, the last one listed when there is more): names from `start` up to, without, `end` and
        behind `after`, what was listed last before: (whether it is a prefix, the text)."""
        with self.lock:
            place = self.bucket(bucket)
            limit = min(limit, place.page_size)
            objects, prefixes, last = [], [], None
            position = bisect.bisect_left(place.order, max(prefix, start).encode())
            if after is not None:
                position = max(position, self._behind(place, *after))
            while position < len(place.order):
                name = place.order[position].decode()
                if not name.startswith(prefix) or (end and place.order[position] >= end.encode()):
                    break
                if len(objects) + len(prefixes) == limit:
                    return objects, prefixes, last
                cut = name.find(delimiter, len(prefix)) if delimiter else -1
                if cut >= 0:
                    last = (True, name[:cut + len(delimiter)])
                    prefixes.append(last[1])
                    position = self._behind(place, *last)
                else:
                    last = (False, name)
                    objects.append(place.objects[name])
                    position += 1
            return objects, prefixes, None

    @staticmethod
    def _behind(place, is_prefix, listed):
        """Where the first name is that comes after it and, if it is a prefix, does not begin with it."""
        encoded = listed.encode()
        if is_prefix:  # 0xff does not occur in UTF-8
            return bisect.bisect_left(place.order, encoded[:-1] + bytes([encoded[-1] + 1]))
        return bisect.bisect_right(place.order, encoded)


def check_name(name):
    size = len(name.encode())
    if not 1 <= size <= 1024 or name in (".", "..") or re.search(r"[\r\n]", name) \
            or name.startswith(".well-known/acme-challenge/"):
        raise invalid("The specified object name is not valid.", code="InvalidObjectName")
