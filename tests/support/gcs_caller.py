"""A fake of Google Cloud Storage in the test's own process, and a client that sends what it is told to: what the fake's
own tests use. Import the fixtures gcs, gcs_token and private_gcs."""
import json
import uuid

import pytest

from support.gcs import Gcs, quoted
from support.gcs_server import Server


@pytest.fixture(scope="session")
def private_gcs(tmp_path_factory, authority):
    """A Gcs whose server no other test process uses."""
    with Server(tmp_path_factory.mktemp("gcs"), tls=authority.server_context(), ca_file=authority.root) as server:
        yield Gcs(server.settings)


class Caller:
    """One bucket, and requests to it with a good token (those with endpoint= of another door without).

    call(...) returns (status, headers, body); json(...) the status and the parsed body.
    """

    def __init__(self, gcs, bucket, token):
        self.gcs, self.bucket, self.token = gcs, bucket, token
        self.objects = f"/storage/v1/b/{bucket}/o"
        self.upload = f"/upload/storage/v1/b/{bucket}/o"

    def call(self, method, target, body=b"", headers=None, endpoint="GCS_ENDPOINT", agent="test"):
        sent = {"User-Agent": agent, **({"Authorization": f"Bearer {self.token}"} if endpoint == "GCS_ENDPOINT" else {})}
        sent |= headers or {}
        return self.gcs.request(method, target, body, {k: v for k, v in sent.items() if v is not None}, endpoint)

    def json(self, *arguments, **named):
        status, _, body = self.call(*arguments, **named)
        return status, json.loads(body) if body else None

    def refusal(self, *arguments, **named):
        """(status, reason) of an error in the JSON API's form, which is checked."""
        status, headers, body = self.call(*arguments, **named)
        assert headers["content-type"] == "application/json; charset=UTF-8", body
        error = json.loads(body)["error"]
        assert error["code"] == status and error["message"] == error["errors"][0]["message"], error
        assert error["errors"][0]["domain"] in ("global", "usageLimits")
        return status, error["errors"][0]["reason"]

    def object(self, name):
        return f"{self.objects}/{quoted(name)}"


@pytest.fixture(scope="session")
def gcs_token(private_gcs):
    _, _, body = private_gcs.request("GET", "/computeMetadata/v1/instance/service-accounts/default/token?scopes="
                                     "https://www.googleapis.com/auth/cloud-platform", headers={"Metadata-Flavor": "Google"},
                                     endpoint="GCS_METADATA_HOST")
    return json.loads(body)["access_token"]


@pytest.fixture
def gcs(private_gcs, gcs_token):
    """A Caller with a new bucket."""
    bucket = f"test-{uuid.uuid4().hex[:12]}"
    private_gcs.create_bucket(bucket)
    yield Caller(private_gcs, bucket, gcs_token)
    private_gcs.remove_bucket(bucket)
