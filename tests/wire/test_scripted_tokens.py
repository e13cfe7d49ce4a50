"""The scripted token endpoints, tested, and their tokens with Azurite."""
import http.client
import json
import subprocess
import time
import urllib.parse
import uuid

import pytest

from support import azure_errors, jwt
from support.scripted_azure import ScriptedAzure
from support.scripted_tokens import (CLIENT_ID, CLIENT_SECRET, IDENTITY_HEADER, IDENTITY_ID, RESOURCE, TENANT,
                                     TokenServer)

ENTRA = f"/{TENANT}/oauth2/v2.0/token"
FORM = {"client_id": CLIENT_ID, "scope": f"{RESOURCE}/.default", "grant_type": "client_credentials"}
ASSERTION = {**FORM, "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}


@pytest.fixture
def lenient():
    """A TokenServer whose problems are looked at by the test itself."""
    with TokenServer() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return jwt.ClientCertificate(tmp_path_factory.mktemp("client"))


def ask(server, method, target, headers=None, body=None):
    """(status, the JSON)"""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def entra(server, form, path=ENTRA):
    return ask(server, "POST", path, {"Content-Type": "application/x-www-form-urlencoded"},
               urllib.parse.urlencode(form))


def assertion(server, certificate, header=None, key=None, **claims):
    """A client's JWT, signed by openssl."""
    now = int(time.time())
    claims = {"aud": f"{server.endpoint}{ENTRA}", "iss": CLIENT_ID, "sub": CLIENT_ID, "jti": str(uuid.uuid4()),
              "nbf": now, "exp": now + 600, **claims}
    header = {"alg": "RS256", "typ": "JWT", "x5t": certificate.thumbprints["x5t"], **(header or {})}
    signed = ".".join(jwt.encode(json.dumps(part).encode()) for part in (header, claims))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key or certificate.path], input=signed.encode(),
                               check=True, capture_output=True).stdout
    return f"{signed}.{jwt.encode(signature)}"


# -- Entra ID ------------------------------------------------------------------------------------


def test_a_client_secret_gets_a_token(tokens):
    status, found = entra(tokens, {**FORM, "client_secret": CLIENT_SECRET})
    assert status == 200 and found["token_type"] == "Bearer" and found["expires_in"] == 3600
    assert tokens.accepts_token(found["access_token"]) and tokens.issued == {found["access_token"]: "secret"}


@pytest.mark.parametrize("change, path, status, error", [
    ({"client_secret": "wrong"}, ENTRA, 401, "invalid_client"),
    ({"client_id": "other"}, ENTRA, 400, "unauthorized_client"),
    ({}, "/other-tenant/oauth2/v2.0/token", 400, "invalid_request")])
def test_who_is_not_known_is_refused(tokens, change, path, status, error):
    found = entra(tokens, {**FORM, "client_secret": CLIENT_SECRET, **change}, path)
    assert (found[0], found[1]["error"]) == (status, error) and found[1]["error_description"].startswith("AADSTS")
    assert tokens.issued == {}


@pytest.mark.parametrize("change", [
    {"grant_type": "password"}, {"scope": "https://management.azure.com/.default"}, {"scope": RESOURCE},
    {"client_secret": None}, {"client_assertion": "a.b.c"}, {"client_secret": None, "client_assertion": "a.b.c"},
    {**ASSERTION, "client_secret": None, "client_assertion": "no token"}])
def test_malformed_requests_are_refused_and_noted(lenient, change):
    form = {**FORM, "client_secret": CLIENT_SECRET, **change}
    assert entra(lenient, {name: value for name, value in form.items() if value is not None})[0] == 400
    assert len(lenient.problems) == 1 and lenient.issued == {}
    assert CLIENT_SECRET not in lenient.problems[0]


def test_requests_that_are_no_forms_are_refused_and_noted(lenient):
    body = urllib.parse.urlencode({**FORM, "client_secret": CLIENT_SECRET})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(lenient, "POST", ENTRA, {"Content-Type": "application/json"}, body)[0] == 400
    assert ask(lenient, "POST", f"{ENTRA}?a=b", form, body)[0] == 400
    assert ask(lenient, "GET", ENTRA, form)[0] == 400
    assert len(lenient.problems) == 3


def test_a_client_certificate_gets_a_token(tokens, certificate):
    tokens.client_certificate = certificate
    for header in ({}, {"x5t#S256": certificate.thumbprints["x5t#S256"]}):
        status, found = entra(tokens, {**ASSERTION, "client_assertion": assertion(tokens, certificate, header)})
        assert status == 200 and tokens.issued[found["access_token"]] == "certificate"


def test_certificates_that_are_not_registered_are_refused(tokens, certificate, tmp_path):
    other = jwt.ClientCertificate(tmp_path)
    good = {**ASSERTION, "client_assertion": assertion(tokens, certificate)}
    assert entra(tokens, good)[0] == 401  # nothing is registered
    tokens.client_certificate = certificate
    for text in (assertion(tokens, other), assertion(tokens, certificate, key=other.path),
                 assertion(tokens, other, {"x5t": certificate.thumbprints["x5t"]}),
                 assertion(tokens, certificate, {"x5t": other.thumbprints["x5t"]})):
        status, found = entra(tokens, {**ASSERTION, "client_assertion": text})
        assert status == 401 and "AADSTS700027" in found["error_description"]
    assert entra(tokens, good)[0] == 200


@pytest.mark.parametrize("header, claims", [
    ({"alg": "HS256"}, {}), ({"typ": "at+jwt"}, {}), ({}, {"iss": "other"}), ({}, {"sub": "other"}),
    ({}, {"aud": "https://login.example"}), ({}, {"jti": ""}), ({}, {"exp": 1}), ({}, {"exp": "soon"}),
    ({}, {"exp": 2 ** 40}), ({}, {"nbf": 2 ** 40})])
def test_malformed_assertions_are_refused_and_noted(lenient, certificate, header, claims):
    lenient.client_certificate = certificate
    text = assertion(lenient, certificate, header, **claims)
    assert entra(lenient, {**ASSERTION, "client_assertion": text})[0] == 400 and len(lenient.problems) == 1


def test_an_assertion_is_good_once(lenient, certificate):
    lenient.client_certificate = certificate
    form = {**ASSERTION, "client_assertion": assertion(lenient, certificate)}
    assert (entra(lenient, form)[0], entra(lenient, form)[0]) == (200, 400) and len(lenient.problems) == 1


def test_a_federated_token_gets_a_token(tokens):
    status, found = entra(tokens, {**ASSERTION, "client_assertion": tokens.federated})
    assert status == 200 and tokens.issued[found["access_token"]] == "federated"
    status, found = entra(tokens, {**ASSERTION, "client_assertion": jwt.forge({"sub": "somebody"})})
    assert status == 401 and "AADSTS70021" in found["error_description"]


# -- managed identities --------------------------------------------------------------------------

IMDS = f"/metadata/identity/oauth2/token?api-version=2018-02-01&resource={urllib.parse.quote(RESOURCE, safe='')}"
APP_SERVICE = f"/msi/token?api-version=2019-08-01&resource={urllib.parse.quote(RESOURCE, safe='')}"


@pytest.mark.parametrize("target, headers, kind", [
    (IMDS, {"Metadata": "true"}, "imds"), (APP_SERVICE, {"X-IDENTITY-HEADER": IDENTITY_HEADER}, "app-service")])
def test_managed_identities(tokens, target, headers, kind):
    for more in ("", f"&client_id={IDENTITY_ID}"):
        status, found = ask(tokens, "GET", target + more, headers)
        assert status == 200 and tokens.issued[found["access_token"]] == kind
        assert abs(int(found["expires_on"]) - time.time() - 3600) < 60 and found["client_id"] == IDENTITY_ID
    assert ask(tokens, "GET", target + "&client_id=other", headers)[0] == 400
    tokens.identities.remove(None)
    assert ask(tokens, "GET", target, headers)[1]["error_description"] == "Identity not found"


def test_managed_identities_demand_their_header(tokens):
    assert ask(tokens, "GET", IMDS)[0] == 400
    assert ask(tokens, "GET", APP_SERVICE)[0] == ask(tokens, "GET", APP_SERVICE, {"X-IDENTITY-HEADER": "wrong"})[0] == 401
    assert tokens.issued == {}


@pytest.mark.parametrize("target, headers", [
    (IMDS, {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}), (IMDS.replace("2018", "2010"), {"Metadata": "true"}),
    (IMDS.replace("storage", "management"), {"Metadata": "true"}),
    (APP_SERVICE.replace("2019", "2010"), {"X-IDENTITY-HEADER": IDENTITY_HEADER}),
    (APP_SERVICE.replace("storage", "management"), {"X-IDENTITY-HEADER": IDENTITY_HEADER})])
def test_malformed_requests_for_identities_are_refused_and_noted(lenient, target, headers):
    assert ask(lenient, "GET", target, headers)[0] == 400 and len(lenient.problems) == 1


# -- together ------------------------------------------------------------------------------------


def test_the_tokens_let_into_azurite(tokens, azure_tls):
    found = ask(tokens, "GET", APP_SERVICE, {"X-IDENTITY-HEADER": IDENTITY_HEADER})[1]["access_token"]
    guest = azure_tls.with_token(found)
    container = guest.fresh_container()
    guest.put(container, "x", b"1", tags={"a": "b"})
    assert guest.get(container, "x") == b"1" and guest.names(container) == ["x"]
    assert guest.remove_many(container, ["x"])[:2] == (202, {0: 202})
    guest.remove_container(container)
    tokens.token_lifetime = -10
    expired = ask(tokens, "GET", APP_SERVICE, {"X-IDENTITY-HEADER": IDENTITY_HEADER})[1]["access_token"]
    assert azure_tls.with_token(expired).request("GET", container, "x")[0] == 403


def test_the_endpoints_are_part_of_the_scripted_service_and_can_fail():
    with ScriptedAzure() as service:
        service.inject_at("Token", azure_errors.throttled(1), times=1)
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.request("GET", IMDS, headers={"Metadata": "true"})
        assert connection.getresponse().status == 429
        assert ask(service, "GET", IMDS, {"Metadata": "true"})[0] == 200
        assert entra(service, {**FORM, "client_secret": CLIENT_SECRET})[0] == 200
        assert service.operations() == ["Token"] * 3 and sorted(service.issued.values()) == ["imds", "secret"]
        assert not service.problems


def test_each_kind_is_in_the_environment(tokens, tmp_path):
    application = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT_ID, "AZURE_AUTHORITY_HOST": tokens.endpoint}
    assert tokens.token_environment("client-secret") == {**application, "AZURE_CLIENT_SECRET": CLIENT_SECRET}
    found = tokens.token_environment("client-certificate", tmp_path)
    pem = open(found.pop("AZURE_CLIENT_CERTIFICATE_PATH"), encoding="ascii").read()
    assert found == application and "PRIVATE KEY" in pem and "BEGIN CERTIFICATE" in pem
    found = tokens.token_environment("workload-identity", tmp_path)
    assert open(found.pop("AZURE_FEDERATED_TOKEN_FILE"), encoding="ascii").read() == tokens.federated
    assert found == application
    assert tokens.token_environment("imds", client_id="i") == {
        "AZURE_CLIENT_ID": "i", "AZURE_POD_IDENTITY_AUTHORITY_HOST": tokens.endpoint}
    assert sorted(tokens.token_environment("app-service")) == ["IDENTITY_ENDPOINT", "IDENTITY_HEADER"]


def test_the_command_line_of_azure_is_played(tokens, tmp_path):
    environment = tokens.token_environment("azure-cli", tmp_path)
    arguments = ["account", "get-access-token", "--output", "json", "--resource", RESOURCE]
    found = json.loads(subprocess.run(["az", *arguments], env=environment, check=True, capture_output=True).stdout)
    assert tokens.issued == {found["accessToken"]: "cli"} and found["expires_on"] > time.time()
    assert (tmp_path / "bin/az.log").read_text() == " ".join(arguments) + "\n"
