"""A minimal S3 client for tests to look at a store with, independent of the code under test.

Path style, SigV4 with a signed payload, standard library only. Answers are (status, headers, body).
"""
import datetime
import hashlib
import hmac
import re
import ssl
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree


class S3:
    def __init__(self, endpoint, access_key, secret_key, region="us-east-1", ca_file=None):
        self.endpoint = endpoint.rstrip("/")
        self.access_key, self.secret_key, self.region = access_key, secret_key, region
        self.context = ssl.create_default_context(cafile=ca_file) if endpoint.startswith("https") else None

    def request(self, method, bucket, key="", query=None, headers=None, body=b""):
        path = urllib.parse.quote(f"/{bucket}" + (f"/{key}" if key else ""), safe="/-_.~")
        query_text = "&".join(
            f"{urllib.parse.quote(k, safe='-_.~')}={urllib.parse.quote(v, safe='-_.~')}"
            for k, v in sorted((query or {}).items()))
        host = urllib.parse.urlsplit(self.endpoint).netloc
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        signed = {k.lower(): v for k, v in (headers or {}).items()}
        signed.update({"host": host, "x-amz-date": now, "x-amz-content-sha256": digest})
        names = ";".join(sorted(signed))
        canonical = "\n".join([method, path, query_text, *(f"{k}:{signed[k].strip()}" for k in sorted(signed)), "",
                               names, digest])
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        secret = ("AWS4" + self.secret_key).encode()
        for part in (now[:8], self.region, "s3", "aws4_request", to_sign):
            secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
        del signed["host"]
        signed["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.access_key}/{scope}, SignedHeaders={names}, "
                                   f"Signature={secret.hex()}")
        url = self.endpoint + path + ("?" + query_text if query_text else "")
        request = urllib.request.Request(url, data=body if method in ("PUT", "POST") else None, headers=signed,
                                         method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                             urllib.request.HTTPSHandler(context=self.context))
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, {k.lower(): v for k, v in refused.headers.items()}, refused.read()

    def _expect(self, allowed, *arguments, **named):
        status, headers, body = self.request(*arguments, **named)
        assert status in allowed, (arguments[:3], status, body[:500])
        return headers, body

    def create_bucket(self, bucket):
        self._expect((200,), "PUT", bucket)

    def put(self, bucket, key, body, headers=None):
        self._expect((200,), "PUT", bucket, key, body=body, headers=headers)

    def get(self, bucket, key, headers=None):
        """The object's bytes, or None when it does not exist."""
        status, _, body = self.request("GET", bucket, key, headers=headers)
        assert status in (200, 404), (key, status, body[:500])
        return body if status == 200 else None

    def head(self, bucket, key, headers=None):
        """The object's headers (lower-case names), or None."""
        status, answer, _ = self.request("HEAD", bucket, key, headers=headers)
        assert status in (200, 404), (key, status)
        return answer if status == 200 else None

    def tags(self, bucket, key):
        _, body = self._expect((200,), "GET", bucket, key, query={"tagging": ""})
        root = ElementTree.fromstring(body)
        space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
        return {tag.findtext(f"{space}Key"): tag.findtext(f"{space}Value") for tag in root.iter(f"{space}Tag")}

    def keys(self, bucket, prefix=""):
        found, token = [], None
        while True:
            query = {"list-type": "2", "prefix": prefix}
            if token:
                query["continuation-token"] = token
            _, body = self._expect((200,), "GET", bucket, query=query)
            root = ElementTree.fromstring(body)
            space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
            found += [entry.findtext(f"{space}Key") for entry in root.iter(f"{space}Contents")]
            token = root.findtext(f"{space}NextContinuationToken")
            if not token:
                return found

    def uploads(self, bucket):
        """Keys of the multipart uploads that nobody completed or aborted."""
        _, body = self._expect((200,), "GET", bucket, query={"uploads": ""})
        root = ElementTree.fromstring(body)
        space = root.tag[:root.tag.index("}") + 1] if root.tag.startswith("{") else ""
        return [upload.findtext(f"{space}Key") for upload in root.iter(f"{space}Upload")]

    def remove(self, bucket, key):
        self._expect((204,), "DELETE", bucket, key)

    def remove_bucket(self, bucket):
        """With everything in it; one that is gone already is fine."""
        if self.request("HEAD", bucket)[0] == 404:
            return
        for key in self.keys(bucket):
            self.remove(bucket, key)
        _, body = self._expect((200,), "GET", bucket, query={"uploads": ""})
        for key, upload in re.findall(r"<Key>([^<]*)</Key><UploadId>([^<]*)</UploadId>", body.decode()):
            self._expect((204, 404), "DELETE", bucket, key, query={"uploadId": upload})
        self._expect((204, 404), "DELETE", bucket)
