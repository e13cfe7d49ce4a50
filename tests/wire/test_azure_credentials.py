"""Every way to sign in to Azure Blob Storage, from the command line and the environment to the wire."""
import os
import time
import urllib.parse

import pytest

from support import sas
from support.azure import Azure
from support.azure_errors import server_busy
from support.proxy import ForwardProxy, closed_port
from support.scripted_azure import ACCOUNT, KEY
from support.scripted_tokens import CLIENT_ID, IDENTITY_ID
from support.site import SEGMENT, SERVER, error_line, expect, wal_key

NAMED = f"https://{ACCOUNT}.blob.core.windows.net"
ACCOUNT_SECRETS = ["key", "account-sas", "container-sas", "connection-string", "sas-connection-string"]


class Account:
    """The commands on one container, and what they need."""

    def __init__(self, run, url, container, folder, content, options=()):
        self.run, self.options, self.folder, self.content = run, options, folder, content
        self.where = [f"{url}/{container}/prod", SERVER]
        self.segment = folder / SEGMENT
        self.segment.write_bytes(content)

    def command(self, name, *after):
        return self.run(name, "--cloud-provider", "azure-blob-storage", *self.options, *self.where, *after)

    def archive(self):
        return self.command("wal-archive", self.segment)

    def works(self):
        """There and back again."""
        expect(self.archive(), 0)
        expect(self.command("wal-restore", SEGMENT, self.folder / "restored"), 0)
        assert (self.folder / "restored").read_bytes() == self.content
        return self


@pytest.fixture
def service(scripted_azure_tls):
    return scripted_azure_tls


@pytest.fixture
def client(service, authority):
    return Azure(service.url, ACCOUNT, KEY, authority.root)


@pytest.fixture
def account(run, authority, tmp_path, content, service):
    """account(environment, *options) -> Account at the scripted service, which stands in for a whole cloud."""
    def make(environment, *options, url=None):
        local = run.with_env(**{"REQUESTS_CA_BUNDLE": authority.root, **environment})
        return Account(local, url or service.url, "wals", tmp_path, content, options)
    return make


@pytest.fixture
def cloud(service):
    """The setting with which the services' own names lead to the scripted one."""
    names = [f"{ACCOUNT}.blob.core.windows.net", f"{ACCOUNT}.blob.core.chinacloudapi.cn", "login.microsoftonline.com"]
    with ForwardProxy({f"{name}:443": service.port for name in names}) as proxy:
        yield {"HTTPS_PROXY": proxy.endpoint}


def storage_requests(service):
    return [request for request in service.requests if service.operation(request) != "Token"]


# -- keys and signatures ---------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ACCOUNT_SECRETS)
def test_an_accounts_secrets(account, service, client, mode):
    account(client.environment(mode, "wals")).works()
    assert wal_key(prefix="prod/") in service.blobs("wals")
    for request in service.requests:
        assert ("sig" in request.query) == ("sas" in mode)
        assert (request.header("authorization") or "").startswith(f"SharedKey {ACCOUNT}:") == ("sas" not in mode)


def test_a_signature_in_the_url_is_not_dropped_silently(account, service, client):
    signed = account(client.environment("key"))
    signed.where[0] += "?" + sas.account_sas(ACCOUNT, KEY)
    result = expect(signed.archive(), 0)
    assert "WARNING: What follows the ? in" in result.stderr and "AZURE_STORAGE_SAS_TOKEN" in result.stderr
    assert "sig=" not in result.stderr and all("sig" not in request.query for request in service.requests)


def connection_strings():
    signature = sas.account_sas(ACCOUNT, KEY)
    key = f"AccountName={ACCOUNT};AccountKey={KEY}"
    yield "", f"DefaultEndpointsProtocol=https;{key};EndpointSuffix=core.windows.net"
    yield "", f"{key};"
    yield "", f" accountkey={KEY} ; ACCOUNTNAME={ACCOUNT};QueueEndpoint=https://elsewhere.example/;;"
    yield "", f"BlobEndpoint={NAMED}/;SharedAccessSignature={signature}"
    yield "", f"SharedAccessSignature=?{signature};AccountName={ACCOUNT};EndpointSuffix=core.windows.net"
    yield ".chinacloudapi.cn", f"{key};EndpointSuffix=core.chinacloudapi.cn"


@pytest.mark.parametrize("cloud_name, text", connection_strings(), ids=range(6))
def test_connection_strings(account, service, cloud, cloud_name, text):
    account({**cloud, "AZURE_STORAGE_CONNECTION_STRING": text}, url=NAMED).works()
    hosts = {request.header("host") for request in service.requests}
    assert hosts == {f"{ACCOUNT}.blob.core{cloud_name or '.windows.net'}"}


@pytest.mark.parametrize("text", ["UseDevelopmentStorage=true",
                                  "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.2/"])
def test_the_emulators_connection_string(run, azure, azure_container, tmp_path, content, text):
    """That is always at port 10000: a proxy leads from there to Azurite."""
    host = "127.0.0.2" if "Proxy" in text else "127.0.0.1"
    with ForwardProxy({f"{host}:10000": azure.parts.port}) as proxy:
        local = run.with_env(HTTP_PROXY=proxy.endpoint, AZURE_STORAGE_CONNECTION_STRING=text)
        Account(local, azure.url, azure_container, tmp_path, content).works()
        assert {urllib.parse.urlsplit(request.target).netloc for request in proxy.requests} == {f"{host}:10000"}
    assert azure.get(azure_container, wal_key(prefix="prod/")) == content


@pytest.mark.parametrize("text, mentioned", [
    (f"AccountName={ACCOUNT}", "AccountKey"), (f"AccountKey={KEY}", "AccountName"),
    (f"AccountName={ACCOUNT};AccountKey=not base64", "AccountKey"), ("UseDevelopmentStorage=maybe", "UseDevelopmentStorage"),
    (f"AccountName={ACCOUNT};SharedAccessSignature=sv=1&se=2", "sig is missing"), (KEY.rstrip("="), "part 1")])
def test_bad_connection_strings(account, service, text, mentioned):
    result = expect(account({"AZURE_STORAGE_CONNECTION_STRING": text}).archive(), 4)
    error_line(result, "AZURE_STORAGE_CONNECTION_STRING", mentioned)
    assert KEY.rstrip("=") not in result.stderr and service.requests == []


def test_the_option_beats_the_connection_string(account, service, client):
    """And the connection string beats the rest."""
    everything = {**client.environment("key"), **client.environment("account-sas"), **service.token_environment("app-service")}
    account({**everything, **client.environment("connection-string")}).works()
    assert all(request.header("authorization", "").startswith("SharedKey ") for request in service.requests)
    account({**everything, **client.environment("connection-string")}, "--azure-credential", "managed-identity").works()
    assert set(service.issued.values()) == {"app-service"}


@pytest.mark.parametrize("signature, mentioned", [
    ({"lifetime": -60}, "time frame"), ({"permissions": "rl"}, "rwdlt"), ({"resources": "s"}, "srt=co"),
    ({"services": "q"}, "ss=b")])
def test_signatures_that_do_not_suffice(account, client, signature, mentioned):
    result = expect(account({"AZURE_STORAGE_SAS_TOKEN": client.account_sas(**signature)}).archive(), 4)
    error_line(result, "HTTP 403", mentioned)


def test_a_wrong_key_is_one_clear_line(run, azure, azure_container, tmp_path, content):
    wrong = Azure(azure.url, azure.account, KEY).environment("connection-string")
    result = expect(Account(run.with_env(**wrong), azure.url, azure_container, tmp_path, content).archive(), 4)
    error_line(result, "HTTP 403", "failed to authenticate the request")


# -- tokens ----------------------------------------------------------------------------------------

IDENTITIES = [("client-secret", "default", "secret"), ("client-certificate", "default", "certificate"),
              ("workload-identity", "default", "federated"), ("workload-identity", "managed-identity", "federated"),
              ("app-service", "managed-identity", "app-service"), ("app-service", "default", "app-service"),
              ("imds", "managed-identity", "imds"), ("imds", "default", "imds"), ("azure-cli", "azure-cli", "cli"),
              ("client-secret", None, "secret")]


@pytest.mark.parametrize("kind, option, issued", IDENTITIES)
def test_tokens(account, service, tmp_path, kind, option, issued):
    options = ["--azure-credential", option] if option else []
    account(service.token_environment(kind, tmp_path), *options).works()
    assert set(service.issued.values()) == {issued}
    assert all(request.header("authorization", "")[len("Bearer "):] in service.issued for request in storage_requests(service))
    asked = len(service.at("Token"))
    assert asked == (0 if kind == "azure-cli" else 2), "once in each command"


@pytest.mark.parametrize("spelling", ["--credential", "--default", "--azure-cred"])
def test_other_spellings_of_the_option(account, service, spelling):
    account(service.token_environment("app-service"), spelling, "managed-identity").works()


def test_an_unknown_kind_of_credential(account, service):
    result = expect(account({}, "--azure-credential", "guess").archive(), 3)
    assert "invalid choice: 'guess' (choose from 'azure-cli', 'managed-identity', 'default')" in result.stderr


@pytest.mark.parametrize("kind", ["app-service", "imds"])
def test_a_user_assigned_identity(account, service, kind):
    account(service.token_environment(kind, client_id=IDENTITY_ID), "--azure-credential", "managed-identity").works()
    assert {request.query["client_id"] for request in service.at("Token")} == {IDENTITY_ID}


def test_the_services_own_names(account, service, cloud):
    """Entra ID is where it is when nobody says otherwise."""
    environment = {**service.token_environment("client-secret"), "AZURE_AUTHORITY_HOST": None}
    account({**cloud, **environment}, url=NAMED).works()
    assert {request.header("host") for request in service.at("Token")} == {"login.microsoftonline.com"}


@pytest.mark.parametrize("kind", ["app-service", "client-secret"])
def test_azurite_takes_the_tokens(run, azure_tls, tokens, tmp_path, content, kind):
    container = azure_tls.fresh_container()
    try:
        environment = {"REQUESTS_CA_BUNDLE": azure_tls.ca_file, **tokens.token_environment(kind)}
        Account(run.with_env(**environment), azure_tls.url, container, tmp_path, content).works()
    finally:
        azure_tls.remove_container(container)


def test_the_default_chain_has_the_sdks_order(account, service, tmp_path):
    everything = [service.token_environment(kind, tmp_path) for kind in ("client-secret", "workload-identity", "app-service",
                                                                         "azure-cli")]
    gone = {"AZURE_CLIENT_SECRET": None, "AZURE_FEDERATED_TOKEN_FILE": None, "IDENTITY_ENDPOINT": None,
            "AZURE_CLIENT_ID": None}
    environment = {name: value for part in everything for name, value in part.items()}
    for expected, removed in (("secret", []), ("federated", ["AZURE_CLIENT_SECRET"]),
                              ("app-service", ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID"])):
        environment |= {name: gone[name] for name in removed}
        service.issued.clear()
        account(environment, "--azure-credential", "default").works()
        assert set(service.issued.values()) == {expected}


def test_the_default_chain_reaches_the_command_line_tool(account, service, tmp_path):
    account(service.token_environment("azure-cli", tmp_path), "--azure-credential", "default").works()
    assert set(service.issued.values()) == {"cli"}


def test_nothing_to_sign_in_with(account, service, tmp_path):
    """Fast, and with all that was tried."""
    started = time.monotonic()
    result = expect(account({"PATH": tmp_path}, "--azure-credential", "default").archive(), 4)
    assert time.monotonic() - started < 10
    error_line(result, "tried environment (", "AZURE_TENANT_ID", "workload identity (", "AZURE_FEDERATED_TOKEN_FILE",
               "managed identity (", "169.254.169.254", "Azure CLI (", "az", "Azure Developer CLI (", "azd",
               "Set AZURE_STORAGE_CONNECTION_STRING")
    assert service.requests == []


@pytest.mark.parametrize("kind, option, broken, mentioned", [
    ("client-secret", "default", {"AZURE_CLIENT_SECRET": "x"}, [CLIENT_ID, "AADSTS7000215", "AZURE_CLIENT_SECRET"]),
    ("client-secret", "default", {"AZURE_TENANT_ID": "example.org"}, ["AADSTS90002", "AZURE_TENANT_ID"]),
    ("client-secret", "default", {"AZURE_CLIENT_ID": IDENTITY_ID}, ["AADSTS700016", "AZURE_CLIENT_ID"]),
    ("client-certificate", "default", {"AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere.pem"}, ["/nowhere.pem"]),
    ("workload-identity", "default", {"AZURE_FEDERATED_TOKEN_FILE": "/nowhere"}, ["/nowhere"]),
    ("app-service", "managed-identity", {"IDENTITY_HEADER": "x"}, ["App Service", "401"]),
    ("imds", "managed-identity", {"AZURE_CLIENT_ID": CLIENT_ID}, ["IMDS", CLIENT_ID]),
    ("azure-cli", "azure-cli", {"PATH": "/nowhere"}, ["az"])])
def test_refused_identities(account, service, tmp_path, kind, option, broken, mentioned):
    environment = {**service.token_environment(kind, tmp_path), **broken}
    result = expect(account(environment, "--azure-credential", option).archive(), 4)
    error_line(result, *mentioned)
    assert storage_requests(service) == []


def test_a_tool_in_which_nobody_signed_in(account, service, tmp_path):
    tool = tmp_path / "bin/az"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 'ERROR: Please run az login' >&2\nexit 1\n")
    tool.chmod(0o755)
    result = expect(account({"PATH": f"{tool.parent}:{os.environ['PATH']}"}, "--azure-credential", "azure-cli").archive(), 4)
    error_line(result, "the Azure CLI", "status 1", "az login")


def test_tokens_are_not_sent_in_the_open(run, azure, tokens, tmp_path, content):
    local = run.with_env(**tokens.token_environment("app-service"))
    result = expect(Account(local, azure.url, "wals", tmp_path, content).archive(), 4)
    error_line(result, "https only", azure.url)
    assert tokens.requests == []


def test_a_token_that_is_no_longer_accepted_is_fetched_anew(account, service):
    def revoke(exchange):
        service.revoke_tokens()
        service.respond(exchange)
    service.inject_at("PutBlob", revoke, times=1)
    expect(account(service.token_environment("app-service")).archive(), 0)
    assert len(service.at("Token")) == 2 and len(service.at("PutBlob")) == 2


# -- token services in trouble -----------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["client-secret", "app-service", "imds"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_token_service_is_asked_again_later(account, service, kind, status):
    busy = {429: _busy(429), 503: server_busy()}[status]
    service.inject_at("Token", busy, times=1)
    expect(account(service.token_environment(kind)).archive(), 0)
    first, second = (request.time for request in service.at("Token"))
    assert second - first > 0.4


def _busy(status):
    def fault(exchange):
        exchange.read_body()
        exchange.send(type(exchange.answer())(status, [("Content-Type", "application/json")], b'{"error": "too_many"}'))
    return fault


def test_a_token_service_that_stays_busy(account, service):
    service.inject_at("Token", _busy(503))
    result = expect(account(service.token_environment("client-secret")).command("check-wal-archive"), 2)
    error_line(result, "Entra ID", "503")
    times = [request.time for request in service.at("Token")]
    pauses = [later - earlier for earlier, later in zip(times, times[1:])]
    assert len(pauses) == 2 and pauses[0] > 0.45 and pauses[1] > 0.95


def test_a_token_service_that_is_not_there(account, service):
    environment = service.token_environment("app-service") | {"IDENTITY_ENDPOINT": f"http://127.0.0.1:{closed_port()}/msi"}
    result = expect(account(environment).command("check-wal-archive"), 2)
    error_line(result, "App Service", "connect")
    assert service.requests == []
