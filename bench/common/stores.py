"""The stores that are measured against: a Ceph gateway over http and https, and the null store."""
import dataclasses
import subprocess
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
    """Runs null-store while the `with` block lasts; `objects` maps keys to the files that it hands out."""

    def __init__(self, program, objects):
        words = [f"{key}={path}" for key, path in objects.items()]
        self.process = subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        port = self.process.stdout.readline().strip()
        return Store("null store", f"http://127.0.0.1:{port}", "NULLSTORE", "null", bucket="null", keeps_objects=False)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
