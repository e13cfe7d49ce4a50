"""The stores that are measured against: a Ceph gateway over http and https, the null store, and either at a distance."""
import collections
import contextlib
import dataclasses
import subprocess
import urllib.parse
import urllib.request
import uuid

from common.measure import BenchError
from support.s3 import S3


@dataclasses.dataclass
class Store:
    name: str
    endpoint: str
    access_key: str
    secret_key: str
    ca_file: str = None
    bucket: str = ""
    keeps_objects: bool = True  # the null store drops them: nothing to check, nothing to clean

    @property
    def client(self):
        return S3(self.endpoint, self.access_key, self.secret_key, ca_file=self.ca_file)

    def environment(self, base):
        mine = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        if self.ca_file:
            mine["AWS_CA_BUNDLE"] = self.ca_file
        return {**base, **mine}

    def remove_folder(self, folder):
        if self.keeps_objects:
            for key in self.client.keys(self.bucket, folder + "/"):
                self.client.remove(self.bucket, key)

    def empty(self):
        """Removes every object, and the bucket."""
        for key in self.client.keys(self.bucket):
            self.client.remove(self.bucket, key)
        self.client.remove_bucket(self.bucket)


def gateway_stores(servers):
    """The Ceph gateway's two endpoints, with one new bucket."""
    path = servers / "rgw" / "env"
    if not path.is_file():
        raise BenchError(f"the rgw server is not running: start it with tests/servers/rgw-up ({path} is missing)")
    settings = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    keys = settings["AWS_ACCESS_KEY_ID"], settings["AWS_SECRET_ACCESS_KEY"]
    plain = Store("RGW http", settings["S3_ENDPOINT"], *keys, bucket=f"bench-{uuid.uuid4().hex[:12]}")
    plain.client.create_bucket(plain.bucket)
    secure = Store("RGW https", settings["S3_ENDPOINT_TLS"], *keys, ca_file=settings["AWS_CA_BUNDLE"],
                   bucket=plain.bucket)
    return plain, secure


class NullStore:
    """Runs null-store while the `with` block lasts; `objects` maps keys to the files that it hands out. With `keep` the
    bytes of what is put stay in its memory, otherwise they are dropped."""

    def __init__(self, program, objects, keep=False):
        words = ["--keep-all"] * keep + [f"{key}={path}" for key, path in objects.items()]
        self.process = subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True)
        self.keep, self.endpoint = keep, None

    def __enter__(self):
        port = self.process.stdout.readline().strip()
        self.endpoint = f"http://127.0.0.1:{port}"
        return Store("null store", self.endpoint, "NULLSTORE", "null", bucket="null", keeps_objects=self.keep)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def requests(self):
        """How many of each kind there were since this was last asked."""
        url = f"{self.endpoint}/-requests"
        with urllib.request.urlopen(url) as answer:
            lines = answer.read().decode().splitlines()
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()
        return collections.Counter({line.split(" ", 1)[1]: int(line.split(" ", 1)[0]) for line in lines})


@contextlib.contextmanager
def at_a_distance(program, store, round_trip, megabytes_per_second=0):
    """The same store behind wire-proxy: `round_trip` in ms, the bandwidth in 10^6 bytes per second, or 0 for no limit."""
    port = str(urllib.parse.urlsplit(store.endpoint).port)
    process = subprocess.Popen([program, port, str(round_trip), str(megabytes_per_second)], stdout=subprocess.PIPE, text=True)
    try:
        endpoint = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        yield dataclasses.replace(store, name=wire_name(round_trip, megabytes_per_second), endpoint=endpoint)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def wire_name(round_trip, megabytes_per_second=0):
    return f"{round_trip} ms" + (f", {megabytes_per_second:g} MB/s" if megabytes_per_second else "")
