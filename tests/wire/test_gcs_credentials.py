"""Every way to sign in to Google Cloud Storage, from the command line and the environment to the wire."""
import json
import pathlib
import time

import pytest

from support import jwt
from support.gcs import Gcs
from support.gcs_server import Server
from support.proxy import FaultProxy, ForwardProxy, closed_port
from support.site import SEGMENT, SERVER, error_line, expect, wal_key

BUCKET = "wals"
FILES = ["GCS_KEY_FILE", "GCS_AUTHORIZED_USER_FILE", "GCS_EXTERNAL_ACCOUNT_FILE", "GCS_EXTERNAL_ACCOUNT_JSON_FILE",
         "GCS_EXTERNAL_ACCOUNT_URL_FILE", "GCS_EXTERNAL_ACCOUNT_AWS_FILE", "GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE"]


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """A fake that nobody else asks for tokens."""
    with Server(tmp_path_factory.mktemp("gcs"), tls=authority.server_context(), ca_file=authority.root) as running:
        yield running


@pytest.fixture
def fake(server):
    found = Gcs(server.settings)
    found.create_bucket(BUCKET)
    yield found
    found.remove_bucket(BUCKET)


class Archive:
    """The commands on one bucket. `asked` is what they asked since."""

    def __init__(self, run, fake, folder, content):
        self.run, self.fake, self.folder, self.content = run, fake, folder, content
        self.segment = folder / SEGMENT
        self.segment.write_bytes(content)
        self.mark = fake.mark()

    def command(self, name, *after):
        return self.run(name, "--cloud-provider", "google-cloud-storage", f"gs://{BUCKET}/prod", SERVER, *after)

    def archive(self):
        return self.command("wal-archive", self.segment)

    def asked(self, port):
        return [request for request in self.fake.requests(self.mark) if request["port"] == port]

    def works(self):
        """There and back again, with one bearer; returns the paths at which tokens were asked for."""
        expect(self.archive(), 0)
        expect(self.command("wal-restore", SEGMENT, self.folder / "restored"), 0)
        assert (self.folder / "restored").read_bytes() == self.content
        assert self.fake.get(BUCKET, wal_key(prefix="prod/")) == self.content
        assert self.asked("storage"), "the store was asked"
        assert all(request["headers"]["authorization"].startswith("Bearer token-") for request in self.asked("storage"))
        return [request["path"] for request in self.asked("accounts")]


@pytest.fixture
def archive(run, fake, tmp_path, content):
    return lambda environment: Archive(run.with_env(**environment), fake, tmp_path, content)


def key_file(fake, folder, setting="GCS_KEY_FILE", **changes):
    """The environment with a changed copy of one of the fake's key files; None removes a member."""
    text = json.loads(pathlib.Path(fake.settings[setting]).read_text()) | changes
    path = folder / "changed.json"
    path.write_text(json.dumps({name: value for name, value in text.items() if value is not None}))
    return {**fake.environment(), "GOOGLE_APPLICATION_CREDENTIALS": str(path)}


# -- credential files ------------------------------------------------------------------------------

@pytest.mark.parametrize("setting", FILES)
def test_credential_files(archive, fake, setting):
    paths = archive(fake.environment(setting)).works()
    expected = {"GCS_KEY_FILE": "/token", "GCS_AUTHORIZED_USER_FILE": "/token"}.get(setting, "/v1/token")
    assert paths.count(expected) == 2, "one token for each command"
    assert (len([path for path in paths if path.endswith(":generateAccessToken")]) == 2) == ("IMPERSONATED" in setting)
    assert ("/subject-token" in paths) == ("URL" in setting) and ("/latest/api/token" in paths) == ("AWS" in setting)


def test_over_https(archive, fake):
    assert archive(fake.https_environment()).works() == ["/token"] * 2
    assert archive(fake.https_environment("GCS_EXTERNAL_ACCOUNT_FILE")).works() == ["/v1/token"] * 2


def test_federation_with_awss_own_variables(archive, fake):
    key = {name: fake.settings[f"GCS_{name}"] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
                                                          "AWS_REGION")}
    paths = archive({**fake.environment("GCS_EXTERNAL_ACCOUNT_AWS_FILE"), **key}).works()
    assert paths == ["/v1/token"] * 2, "no metadata was asked for"


def test_impersonation_by_a_file_of_its_own(archive, fake, tmp_path):
    """As gcloud auth application-default login --impersonate-service-account leaves it."""
    source = json.loads(pathlib.Path(fake.settings["GCS_EXTERNAL_ACCOUNT_FILE"]).read_text())
    url = f"{fake.settings['GCS_ACCOUNTS']}/v1/projects/-/serviceAccounts/{fake.settings['GCS_EMAIL']}:generateAccessToken"
    path = tmp_path / "impersonated.json"
    path.write_text(json.dumps({"type": "impersonated_service_account", "source_credentials": source, "delegates": [],
                                "service_account_impersonation_url": url}))
    paths = archive({**fake.environment(), "GOOGLE_APPLICATION_CREDENTIALS": str(path)}).works()
    assert [path.rpartition(":")[2] for path in paths] == ["/v1/token", "generateAccessToken"] * 2


def test_gclouds_login(archive, fake, tmp_path):
    (tmp_path / "gcloud").mkdir()
    text = pathlib.Path(fake.settings["GCS_AUTHORIZED_USER_FILE"]).read_text()
    (tmp_path / "gcloud/application_default_credentials.json").write_text(text)
    environment = {**fake.environment(), "GOOGLE_APPLICATION_CREDENTIALS": None, "CLOUDSDK_CONFIG": tmp_path / "gcloud"}
    assert archive(environment).works() == ["/token"] * 2
    first = archive(environment).asked("storage")
    assert all(request["headers"]["x-goog-user-project"] == fake.settings["GCS_PROJECT"] for request in first)


def test_the_metadata_server(archive, fake):
    found = archive(fake.metadata_environment())
    assert found.works() == [] and found.asked("metadata")
    paths = [request["path"] for request in found.asked("metadata")]
    assert paths.count("/computeMetadata/v1/instance/service-accounts/default/token") == 2


def test_a_credential_file_beats_the_metadata_server(archive, fake):
    found = archive({**fake.environment(), "GCE_METADATA_HOST": fake.settings["GCS_METADATA_HOST"]})
    assert found.works() == ["/token"] * 2 and found.asked("metadata") == []


# -- emulators, and clouds of others ---------------------------------------------------------------

@pytest.mark.parametrize("with_file", [True, False])
def test_an_emulator_is_asked_without_credentials(archive, fake, with_file):
    found = archive({**fake.anonymous_environment(), **({} if with_file else {"GOOGLE_APPLICATION_CREDENTIALS": None})})
    expect(found.archive(), 0)
    expect(found.command("wal-restore", SEGMENT, found.folder / "restored"), 0)
    assert (found.folder / "restored").read_bytes() == found.content
    assert found.asked("anonymous") and not any("authorization" in request["headers"] for request in found.asked("anonymous"))
    assert found.asked("accounts") == found.asked("metadata") == []


def test_an_empty_file_is_for_emulators_alone(archive, fake):
    result = archive({**fake.anonymous_environment(), "STORAGE_EMULATOR_HOST": None}).archive()
    error_line(expect(result, 4), fake.settings["GCS_EMPTY_KEY_FILE"], "is empty", "STORAGE_EMULATOR_HOST")


@pytest.fixture
def universe(fake, authority):
    """(environment, store) of storage.universe.example."""
    with FaultProxy(fake.settings["GCS_ENDPOINT"], authority.server_context("universe.example")) as store:
        with ForwardProxy({"storage.universe.example:443": store.port}) as proxy:
            yield {"GOOGLE_CLOUD_UNIVERSE_DOMAIN": "universe.example", "STORAGE_EMULATOR_HOST": None,
                   "HTTPS_PROXY": proxy.endpoint, "REQUESTS_CA_BUNDLE": authority.root}, store


def test_another_universe(archive, fake, universe, tmp_path):
    environment, store = universe
    key = key_file(fake, tmp_path, "GCS_EXTERNAL_ACCOUNT_FILE", universe_domain="universe.example")
    assert archive({**key, **environment}).works() == ["/v1/token"] * 2
    assert {request.header("host") for request in store.requests} == {"storage.universe.example"}


def test_in_another_universe_a_key_signs_the_tokens_itself(archive, fake, universe, tmp_path):
    """Which the fake does not take: its universe is Google's own."""
    environment, store = universe
    found = archive({**key_file(fake, tmp_path, universe_domain="universe.example"), **environment})
    error_line(expect(found.archive(), 4), "HTTP 401", "GOOGLE_APPLICATION_CREDENTIALS")
    assert found.asked("accounts") == []
    header, claims, _, _ = jwt.parse(store.requests[0].header("authorization").removeprefix("Bearer "))
    assert header["alg"] == "RS256" and claims["iss"] == claims["sub"] == fake.settings["GCS_EMAIL"]
    assert claims["scope"] == "https://www.googleapis.com/auth/devstorage.read_write" and "aud" not in claims


def test_credentials_of_another_universe(archive, fake, universe):
    environment, store = universe
    found = archive({**fake.environment(), **environment})
    error_line(expect(found.archive(), 4), "googleapis.com", "universe.example", "GOOGLE_CLOUD_UNIVERSE_DOMAIN")
    assert store.requests == [] and found.asked("accounts") == []


# -- what is wrong with them -----------------------------------------------------------------------

@pytest.mark.parametrize("text, mentioned", [
    (None, "there is no file"), ("{", "is no JSON"), ("[]", "no JSON object"), ("{}", '"type"'),
    ('{"type": "password"}', "service_account"), ('{"type": "service_account"}', '"client_email"'),
    ('{"type": "authorized_user", "client_id": "x"}', '"client_secret"')])
def test_bad_credential_files(archive, fake, tmp_path, text, mentioned):
    path = tmp_path / "key.json"
    if text is not None:
        path.write_text(text)
    found = archive({**fake.environment(), "GOOGLE_APPLICATION_CREDENTIALS": path})
    error_line(expect(found.archive(), 4), str(path), mentioned)
    assert found.asked("storage") == found.asked("accounts") == []


def test_a_damaged_private_key(archive, fake, tmp_path):
    key = json.loads(pathlib.Path(fake.settings["GCS_KEY_FILE"]).read_text())["private_key"]
    environment = key_file(fake, tmp_path, private_key=key[:400])
    result = expect(archive(environment).archive(), 4)
    error_line(result, "private_key", str(tmp_path / "changed.json"))
    assert key[100:140] not in result.stderr


@pytest.mark.parametrize("setting, changes, mentioned", [
    ("GCS_KEY_FILE", {"client_email": "somebody@else.example"}, ["invalid_grant", "account not found"]),
    ("GCS_AUTHORIZED_USER_FILE", {"refresh_token": "old"}, ["invalid_grant", "gcloud auth application-default login"]),
    ("GCS_EXTERNAL_ACCOUNT_FILE", {"audience": "//iam.googleapis.com/other"}, ["invalid_target", "audience"]),
    ("GCS_EXTERNAL_ACCOUNT_URL_FILE", {"credential_source": {"file": "/nowhere"}}, ["/nowhere"])])
def test_credentials_that_are_refused(archive, fake, tmp_path, setting, changes, mentioned):
    found = archive(key_file(fake, tmp_path, setting, **changes))
    error_line(expect(found.archive(), 4), *mentioned)
    assert found.asked("storage") == []


def test_an_account_that_may_not_be_impersonated(archive, fake, tmp_path):
    url = f"{fake.settings['GCS_ACCOUNTS']}/v1/projects/-/serviceAccounts/other@example.org:generateAccessToken"
    environment = key_file(fake, tmp_path, "GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE", service_account_impersonation_url=url)
    error_line(expect(archive(environment).archive(), 4), "other@example.org", "PERMISSION_DENIED",
               "iam.serviceAccountTokenCreator")


def test_secrets_are_not_sent_in_the_open(archive, fake, tmp_path):
    found = archive(key_file(fake, tmp_path, token_uri="http://token.example.org/token"))
    error_line(expect(found.archive(), 4), '"token_uri"', "https://")


def test_nothing_to_sign_in_with(archive, fake):
    """Fast: nobody waits for a metadata server that is not there."""
    started = time.monotonic()
    result = archive({**fake.environment(), "GOOGLE_APPLICATION_CREDENTIALS": None, "STORAGE_EMULATOR_HOST": None}).archive()
    assert time.monotonic() - started < 10
    error_line(expect(result, 4), "GOOGLE_APPLICATION_CREDENTIALS is not set", "application_default_credentials.json",
               "no machine of Google's")


def test_a_token_that_is_no_longer_accepted_is_fetched_anew(archive, fake, tmp_path):
    with FaultProxy(fake.settings["GCS_ENDPOINT"]) as store:
        def revoke(exchange):
            fake.revoke_tokens()
            store.respond(exchange)
        store.inject(revoke, method="POST", path="/upload/", times=1)
        found = archive({**fake.environment(), "STORAGE_EMULATOR_HOST": store.endpoint})
        expect(found.archive(), 0)
    assert [request["path"] for request in found.asked("accounts")] == ["/token"] * 2
    assert [request["status"] for request in found.asked("storage")][-2:] == [401, 200]


# -- token services in trouble ---------------------------------------------------------------------

@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("port, path, environment", [
    ("accounts", "^/token", lambda fake: fake.environment()),
    ("accounts", "generateAccessToken", lambda fake: fake.environment("GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE")),
    ("metadata", "/token", lambda fake: fake.metadata_environment())], ids=["key", "impersonation", "metadata"])
def test_a_busy_token_service_is_asked_again_later(archive, fake, port, path, environment, status):
    found = archive(environment(fake))
    with fake.fault(path, port=port, status=status):
        expect(found.archive(), 0)
    times = [request["time"] for request in found.asked(port) if path.strip("^") in request["path"]]
    assert len(times) == 2 and times[1] - times[0] > 0.2


def test_a_token_service_that_stays_busy(archive, fake):
    found = archive(fake.environment())
    with fake.fault("^/token", port="accounts", status=503, times="always"):
        error_line(expect(found.command("check-wal-archive"), 2), "the token service", "503")
    times = [request["time"] for request in found.asked("accounts")]
    pauses = [later - earlier for earlier, later in zip(times, times[1:])]
    assert len(pauses) == 2 and pauses[0] > 0.45 and pauses[1] > 0.95


def test_a_token_service_that_is_not_there(archive, fake, tmp_path):
    found = archive(key_file(fake, tmp_path, token_uri=f"http://127.0.0.1:{closed_port()}/token"))
    error_line(expect(found.command("check-wal-archive"), 2), "connect", "/token")
    assert found.asked("storage") == []
