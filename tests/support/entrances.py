"""The ways into the stores over HTTP, each with everything that is secret about it.

An Entrance has its servers to itself and hears every request; `wrong` is what the environment becomes with credentials
that nobody accepts.
"""
import base64
import contextlib
import dataclasses
import functools
import json
import pathlib
import secrets

from support import faults, jwt
from support.azure import Azure
from support.azure_errors import authorization_failure
from support.gcs import Gcs, trouble
from support.proxy import FaultProxy, closed_port
from support.scripted_azure import ACCOUNT, KEY, ScriptedAzure
from support.scripted_s3 import ACCESS_KEY, SECRET_KEY, ScriptedS3
from support.scripted_tokens import CLIENT_SECRET, IDENTITY_HEADER
from support.secrecy import Secrets

PLACE = "wals"  # the bucket's or container's name


@dataclasses.dataclass
class Entrance:
    url: str
    options: list
    environment: dict
    wrong: dict
    secrets: Secrets  # that the command is given, the wrong ones included
    sends: set  # labels of what the servers must see
    servers: list  # the last one is the store
    refusal: object  # a fault
    tokens: object = dict  # () -> the tokens that were given out

    @property
    def requests(self):
        return [request for server in self.servers for request in server.requests]

    def deny(self):
        """From now on the store refuses everything; what gives out tokens does not."""
        self.servers[-1].inject(self.refusal, path=f"/{PLACE}\\b|/b(\\?|$)|/batch")

    def stop(self):
        for server in self.servers:
            server.__exit__()
            closed_port(server.port)


# -- S3 --------------------------------------------------------------------------------------------

@contextlib.contextmanager
def s3(authority, folder):
    with ScriptedS3(authority.server_context()) as store:
        store.buckets[PLACE] = {}
        store.session_token = "FwoGZXIvYXdzEBYaDH" + secrets.token_urlsafe(80)
        customer_key, wrong = base64.b64encode(secrets.token_bytes(32)).decode(), secrets.token_urlsafe(30)
        (folder / "customer.key").write_text(customer_key)
        yield Entrance(
            f"s3://{PLACE}/prod", ["--endpoint-url", store.endpoint, "--sse-customer-key", f"file://{folder}/customer.key"],
            {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_DEFAULT_REGION": "us-east-1",
             "AWS_SESSION_TOKEN": store.session_token, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": authority.root},
            {"AWS_SECRET_ACCESS_KEY": wrong},
            Secrets(secret_key=SECRET_KEY, wrong_secret_key=wrong, session_token=store.session_token,
                    customer_key=customer_key),
            {"session token", "customer key", "signature"}, [store],
            faults.refuse(403, "AccessDenied", "Access Denied"))


# -- Azure -----------------------------------------------------------------------------------------

def private_part(pem):
    return pem.partition("PRIVATE KEY-----\n")[2].partition("-----END")[0]


@functools.cache
def client_certificate(folder, name):
    return jwt.ClientCertificate(folder / name)


def azure_wrong(mode, store, folder, authority):
    """(the environment's change, its secret)"""
    if mode == "client-certificate":
        path = client_certificate(authority.folder, "other").path
        return {"AZURE_CLIENT_CERTIFICATE_PATH": str(path)}, private_part(path.read_text())
    text = base64.b64encode(secrets.token_bytes(64)).decode()
    if mode == "workload-identity":
        (folder / "other-token").write_text(text)
        return {"AZURE_FEDERATED_TOKEN_FILE": str(folder / "other-token")}, text
    if mode in ("client-secret", "app-service"):
        return {{"client-secret": "AZURE_CLIENT_SECRET", "app-service": "IDENTITY_HEADER"}[mode]: text}, text
    if mode == "azure-cli":
        return {}, ""
    change = Azure(store.url, ACCOUNT, text).environment(mode, PLACE)  # signed with another key
    signature = list(change.values())[-1].partition("&sig=")[2].partition(";")[0]
    return change, signature or text


def azure(mode):
    """Mode: of Azure.environment, or of token_environment."""
    by_account = mode in ("key", "account-sas", "container-sas", "connection-string", "sas-connection-string")

    @contextlib.contextmanager
    def enter(authority, folder):
        with ScriptedAzure(authority.server_context()) as store:
            store.add_container(PLACE)
            client = Azure(store.url, ACCOUNT, KEY, authority.root)
            if mode == "client-certificate":
                store.client_certificate = client_certificate(authority.folder, "client")
            if by_account:
                environment = client.environment(mode, PLACE)
            else:
                environment = {**store.token_environment(mode, folder), "REQUESTS_CA_BUNDLE": authority.root}
            change, text = azure_wrong(mode, store, folder, authority)
            given = Secrets(account_key=KEY, wrong=text, client_secret=CLIENT_SECRET, identity_header=IDENTITY_HEADER,
                            federated_token=store.federated)
            if "AZURE_STORAGE_SAS_TOKEN" in environment:
                given.add("signature", environment["AZURE_STORAGE_SAS_TOKEN"].partition("&sig=")[2])
            if mode == "client-certificate":
                given.add("private key", private_part(store.client_certificate.path.read_text()))
            sends = {"client-secret": {"token", "client secret"}, "client-certificate": {"token", "client assertion"},
                     "workload-identity": {"token", "client assertion"}, "app-service": {"token", "identity header"},
                     "azure-cli": {"token"}}.get(mode, {"signature"})
            options = [] if by_account else ["--azure-credential", {
                "app-service": "managed-identity", "azure-cli": "azure-cli"}.get(mode, "default")]
            yield Entrance(f"{store.url}/{PLACE}/prod", ["--cloud-provider", "azure-blob-storage", *options], environment,
                           change, given, sends, [store], authorization_failure(), lambda: dict(store.issued))
    return enter


# -- Google ----------------------------------------------------------------------------------------

_GCS_SENDS = {"GCS_KEY_FILE": {"token", "assertion"}, "GCS_AUTHORIZED_USER_FILE": {"token", "refresh token", "client secret"},
              "GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE": {"token", "subject token"},
              "GCS_EXTERNAL_ACCOUNT_URL_FILE": {"token", "subject token", "subject token's key"},
              "GCS_EXTERNAL_ACCOUNT_AWS_FILE": {"token", "subject token", "session token"}, None: {"token"}}


def gcs_wrong(file, authority):
    """The same file with something in it that nobody accepts, and its secret."""
    wrong = secrets.token_urlsafe(40)
    if "private_key" in file:
        key = client_certificate(authority.folder, "other").path.with_name("client.key").read_text()
        return {**file, "private_key": key}, private_part(key)
    if "refresh_token" in file:
        return {**file, "refresh_token": wrong}, wrong
    return {**file, "audience": file["audience"] + "-other"}, ""


def gcs(setting):
    """Setting: what names the key file in the fake's settings; None is the metadata server."""
    @contextlib.contextmanager
    def enter(authority, folder, server):
        found = Gcs(server.settings)
        found.create_bucket(PLACE)
        source = "GCS_ACCOUNTS" if setting else "GCS_METADATA_HOST"
        address = "http://" + server.settings[source].removeprefix("http://")
        with FaultProxy(address) as accounts, FaultProxy(server.settings["GCS_ENDPOINT"]) as store:
            server.service.oauth.service_account["audience"] = f"{accounts.endpoint}/token"
            environment = {"STORAGE_EMULATOR_HOST": store.endpoint, "GOOGLE_CLOUD_PROJECT": server.settings["GCS_PROJECT"]}
            given, change = Secrets(), {}
            if setting:
                text = pathlib.Path(server.settings[setting]).read_text().replace(address, accounts.endpoint)
                file = json.loads(text)
                (folder / "key.json").write_text(text)
                other, secret = gcs_wrong(file, authority)
                (folder / "other.json").write_text(json.dumps(other))
                environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(folder / "key.json")
                change = {"GOOGLE_APPLICATION_CREDENTIALS": str(folder / "other.json")}
                given.add("wrong", secret)
                for name in ("private_key", "refresh_token", "client_secret"):
                    given.add(name.replace("_", " "), file.get(name, ""))
                given.add("subject token", server.service.federation.subject_token)
                given.add("secret key", server.settings["GCS_AWS_SECRET_ACCESS_KEY"])
                given.add("session token", server.settings["GCS_AWS_SESSION_TOKEN"])
            else:
                environment["GCE_METADATA_HOST"] = accounts.endpoint.removeprefix("http://")
            try:
                yield Entrance(f"gs://{PLACE}/prod", ["--cloud-provider", "google-cloud-storage"], environment, change,
                               given, _GCS_SENDS[setting], [accounts, store], trouble(403),
                               lambda: dict.fromkeys(server.tokens.issued, "token"))
            finally:
                found.remove_bucket(PLACE)
    return enter


GOOGLE = {"gcs service account": gcs("GCS_KEY_FILE"), "gcs authorised user": gcs("GCS_AUTHORIZED_USER_FILE"),
          "gcs impersonation": gcs("GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE"),
          "gcs federation by URL": gcs("GCS_EXTERNAL_ACCOUNT_URL_FILE"),
          "gcs federation by AWS": gcs("GCS_EXTERNAL_ACCOUNT_AWS_FILE"), "gcs metadata server": gcs(None)}
ENTRANCES = {"s3": s3, **{f"azure {mode}": azure(mode) for mode in (
    "key", "connection-string", "account-sas", "container-sas", "sas-connection-string", "client-secret",
    "client-certificate", "workload-identity", "app-service", "azure-cli")}, **GOOGLE}
