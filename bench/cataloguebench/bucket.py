"""Fills a bucket with a catalogue, again and again."""
import base64
import concurrent.futures
import hashlib
import subprocess
import urllib.parse

from cataloguebench.catalogue import PAGE, SERVER
from common.measure import BenchError

CONTENT = b"tiny\n"
AT_ONCE = 16


class Bucket:
    def __init__(self, store, catalogue, folder):
        self.store, self.catalogue, self.folder = store, catalogue, folder
        (folder / "content").write_bytes(CONTENT)

    def keys(self):
        return set(self.store.client.keys(self.store.bucket, f"{SERVER}/"))

    def fill(self):
        """Puts what is missing."""
        present = self.keys()
        self._put_small([key for key in self.catalogue.small_keys() if key not in present])
        others = {key: content for key, content in self.catalogue.other_objects().items() if key not in present}
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda item: self.store.client.put(self.store.bucket, *item), others.items()))

    def _put_small(self, keys):
        """All in one run of curl, which keeps its connections: an object at a time would take minutes."""
        if not keys:
            return
        config = self.folder / "objects.curl"
        url = f"{self.store.endpoint}/{self.store.bucket}/"
        config.write_text("".join(f'url = "{url}{urllib.parse.quote(key)}"\n'
                                  f'upload-file = "{self.folder / "content"}"\noutput = "/dev/null"\n' for key in keys))
        command = ["curl", "-sSf", "--parallel", "--parallel-max", str(AT_ONCE),
                   "--aws-sigv4", "aws:amz:us-east-1:s3", "--user", f"{self.store.access_key}:{self.store.secret_key}",
                   "-H", f"x-amz-content-sha256: {hashlib.sha256(CONTENT).hexdigest()}", "-K", config]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"cannot fill the bucket: {done.stderr[-500:]}")

    def empty(self):
        keys = sorted(self.keys())
        for at in range(0, len(keys), PAGE):
            objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys[at:at + PAGE])
            body = f"<Delete><Quiet>true</Quiet>{objects}</Delete>".encode()
            checksum = base64.b64encode(hashlib.md5(body).digest()).decode()
            status, _, answer = self.store.client.request("POST", self.store.bucket, query={"delete": ""}, body=body,
                                                          headers={"Content-MD5": checksum})
            assert status == 200, answer[:500]
