"""The fake of Google Cloud Storage: its token services and its metadata server, as Google's own documentation has them."""
import base64
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import time
import urllib.parse

import pytest

from support import sigv4
from support.gcs import Gcs
from support.gcs_caller import gcs, gcs_token, private_gcs  # noqa: F401
from support.gcs_server import Server

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def key_file(gcs, setting="GCS_KEY_FILE"):
    return json.loads(pathlib.Path(gcs.gcs.settings[setting]).read_text())


def post(gcs, path, parameters, headers=None):
    """(status, parsed body); of an error, the OAuth code."""
    status, _, body = gcs.gcs.request("POST", path, urllib.parse.urlencode(parameters).encode(), headers or FORM,
                                      "GCS_ACCOUNTS")
    found = json.loads(body)
    return status, found["error"] if status >= 400 else found


def opens(gcs, token):
    return gcs.call("GET", gcs.objects, headers={"Authorization": f"Bearer {token}"})[0] == 200


# -- service accounts -----------------------------------------------------------------------------------

def encoded(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


def signed(text, key, folder, digest="-sha256"):
    """The RS256 signature, by openssl."""
    (folder / "key.pem").write_text(key)
    return subprocess.run(["openssl", "dgst", digest, "-sign", folder / "key.pem"], input=text.encode(), check=True,
                          capture_output=True).stdout


def assertion(account, folder, header=None, digest="-sha256", **changes):
    now = int(time.time())
    claims = {"iss": account["client_email"], "aud": account["token_uri"], "scope": SCOPE, "iat": now, "exp": now + 3600,
              **changes}
    text = encoded({"alg": "RS256", "typ": "JWT", "kid": account["private_key_id"], **(header or {})}) + "." + encoded(claims)
    return text + "." + encoded(signed(text, account["private_key"], folder, digest))


def exchange(gcs, jwt):
    return post(gcs, "/token", {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": jwt})


def test_a_key_buys_a_token(gcs, tmp_path):
    account = key_file(gcs)
    assert account["type"] == "service_account" and account["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
    status, found = exchange(gcs, assertion(account, tmp_path))
    assert status == 200 and found["token_type"] == "Bearer" and found["expires_in"] == 3599
    assert opens(gcs, found["access_token"])
    assert exchange(gcs, assertion(account, tmp_path, sub=account["client_email"]))[0] == 200


NOW = int(time.time())


@pytest.mark.parametrize("changes, error", [
    ({"iss": "somebody@else"}, "invalid_grant"), ({"aud": "https://oauth2.googleapis.com/token"}, "invalid_grant"),
    ({"iat": NOW - 9000, "exp": NOW - 5400}, "invalid_grant"), ({"iat": NOW + 2000, "exp": NOW + 3000}, "invalid_grant"),
    ({"exp": NOW + 8000}, "invalid_grant"), ({"exp": str(NOW + 100)}, "invalid_grant"), ({"scope": ""}, "invalid_scope"),
    ({"scope": "everything"}, "invalid_scope"), ({"sub": "another@example.com"}, "unauthorized_client"),
    ({"header": {"alg": "none"}}, "invalid_grant"), ({"header": {"kid": "another"}}, "invalid_grant"),
    ({"digest": "-sha1"}, "invalid_grant")])
def test_assertions_that_are_refused(gcs, tmp_path, changes, error):
    status, found = exchange(gcs, assertion(key_file(gcs), tmp_path, **changes))
    assert status in (400, 401) and found == error


def test_signatures_of_others_and_damaged_ones(gcs, tmp_path):
    account = key_file(gcs)
    other = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout
    assert exchange(gcs, assertion({**account, "private_key": other}, tmp_path)) == (400, "invalid_grant")
    good = assertion(account, tmp_path)
    header, claims, signature = good.split(".")
    for bad in (f"{header}.{claims}", f"{header}.{claims}.", f"{header}.{claims}.AAAA", good + "=",
                f"{header}.{claims[:-2]}.{signature}", "not a token",
                f"{header}.{encoded({'iss': account['client_email']})}.{signature}"):
        assert exchange(gcs, bad) == (400, "invalid_grant"), bad
    assert exchange(gcs, good)[0] == 200


def test_forms_that_are_refused(gcs, tmp_path):
    jwt = assertion(key_file(gcs), tmp_path)
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert post(gcs, "/token", {"grant_type": grant}) == (400, "invalid_request")
    assert post(gcs, "/token", {"grant_type": "password"}) == (400, "unsupported_grant_type")
    assert post(gcs, "/token", {"grant_type": grant, "assertion": jwt, "more": "x"}) == (400, "invalid_request")
    assert post(gcs, "/token", [("grant_type", grant), ("assertion", jwt), ("assertion", jwt)]) == (400, "invalid_request")
    plain = {"Content-Type": "text/plain"}
    assert post(gcs, "/token", {"grant_type": grant, "assertion": jwt}, plain) == (400, "invalid_request")
    assert post(gcs, "/token", {}) == (400, "invalid_request")
    assert gcs.gcs.request("GET", "/token", endpoint="GCS_ACCOUNTS")[0] == 404


# -- authorised users -----------------------------------------------------------------------------------

def test_a_refresh_token_buys_tokens(gcs):
    user = key_file(gcs, "GCS_AUTHORIZED_USER_FILE")
    wanted = {"grant_type": "refresh_token", **{name: user[name] for name in ("client_id", "client_secret", "refresh_token")}}
    assert user["type"] == "authorized_user"
    for _ in range(2):
        status, found = post(gcs, "/token", wanted)
        assert status == 200 and opens(gcs, found["access_token"])
    assert post(gcs, "/token", {**wanted, "refresh_token": "x"}) == (400, "invalid_grant")
    assert post(gcs, "/token", {**wanted, "client_secret": "x"}) == (401, "invalid_client")
    assert post(gcs, "/token", {**wanted, "client_id": ""}) == (400, "invalid_request")


# -- workload identity federation -----------------------------------------------------------------------

def federated(gcs, config, subject, **changes):
    return post(gcs, urllib.parse.urlsplit(config["token_url"]).path, {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": config["audience"], "scope": PLATFORM,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token", "subject_token": subject,
        "subject_token_type": config["subject_token_type"], **changes})


def test_a_subject_token_from_a_file(gcs):
    config = key_file(gcs, "GCS_EXTERNAL_ACCOUNT_FILE")
    subject = pathlib.Path(config["credential_source"]["file"]).read_text()
    status, found = federated(gcs, config, subject)
    assert status == 200 and found["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert found["token_type"] == "Bearer" and opens(gcs, found["access_token"])
    assert federated(gcs, config, subject + "x") == (400, "invalid_grant")
    assert federated(gcs, config, subject, audience="//iam.googleapis.com/another") == (400, "invalid_target")
    assert federated(gcs, config, subject, subject_token_type="x") == (400, "invalid_request")
    assert federated(gcs, config, subject, requested_token_type="x") == (400, "invalid_request")
    assert federated(gcs, config, subject, grant_type="x") == (400, "unsupported_grant_type")
    assert federated(gcs, config, subject, scope="") == (400, "invalid_request")
    assert federated(gcs, config, subject, more="x") == (400, "invalid_request")


@pytest.mark.parametrize("setting", ["GCS_EXTERNAL_ACCOUNT_JSON_FILE", "GCS_EXTERNAL_ACCOUNT_URL_FILE"])
def test_a_subject_token_in_json(gcs, setting):
    config = key_file(gcs, setting)
    source = config["credential_source"]
    if "file" in source:
        text = pathlib.Path(source["file"]).read_text()
    else:
        path = source["url"].removeprefix(gcs.gcs.settings["GCS_ACCOUNTS"])
        status, _, text = gcs.gcs.request("GET", path, headers=source["headers"], endpoint="GCS_ACCOUNTS")
        assert status == 200 and gcs.gcs.request("GET", path, endpoint="GCS_ACCOUNTS")[0] == 401  # the headers count
    subject = json.loads(text)[source["format"]["subject_token_field_name"]]
    assert federated(gcs, config, subject)[0] == 200


def impersonate(gcs, config, token, body=None, kind="application/json"):
    body = json.dumps({"scope": [SCOPE], "lifetime": "1800s"} if body is None else body).encode()
    path = config["service_account_impersonation_url"].removeprefix(gcs.gcs.settings["GCS_ACCOUNTS"])
    status, _, answer = gcs.gcs.request("POST", path, body, {"Authorization": f"Bearer {token}", "Content-Type": kind},
                                        "GCS_ACCOUNTS")
    return status, json.loads(answer)


def test_impersonation(gcs):
    config = key_file(gcs, "GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE")
    subject = pathlib.Path(config["credential_source"]["file"]).read_text()
    token = federated(gcs, config, subject)[1]["access_token"]
    status, found = impersonate(gcs, config, token)
    assert status == 200 and opens(gcs, found["accessToken"])
    end = datetime.datetime.strptime(found["expireTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    assert 1700 < end.timestamp() - time.time() <= 1800
    assert impersonate(gcs, config, "x")[0] == 401
    narrow = federated(gcs, config, subject, scope=SCOPE)[1]["access_token"]
    assert impersonate(gcs, config, narrow)[1]["error"]["status"] == "PERMISSION_DENIED"
    other = {"service_account_impersonation_url": config["service_account_impersonation_url"].replace("backup@", "other@")}
    assert impersonate(gcs, other, token)[0] == 403
    for body in ({}, {"scope": SCOPE}, {"scope": [SCOPE], "lifetime": "1h"}, {"scope": [SCOPE], "more": 1}):
        assert impersonate(gcs, config, token, body)[0] == 400
    assert impersonate(gcs, config, token, kind="text/plain")[0] == 400


def caller_identity(gcs, config, secret=None, target=None, region=None, **changes):
    """The serialized GetCallerIdentity request of the AWS source, well signed unless told otherwise."""
    settings = gcs.gcs.settings
    region = region or settings["GCS_AWS_REGION"]
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": f"sts.{region}.amazonaws.com", "x-amz-date": stamp,
               "x-amz-security-token": settings["GCS_AWS_SESSION_TOKEN"],
               "x-goog-cloud-target-resource": target or config["audience"]}
    query, names = "Action=GetCallerIdentity&Version=2011-06-15", ";".join(sorted(headers))
    canonical = "\n".join(["POST", "/", query, "".join(f"{name}:{headers[name]}\n" for name in sorted(headers)), names,
                           hashlib.sha256(b"").hexdigest()])
    scope = f"{stamp[:8]}/{region}/sts/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = sigv4.signature(secret or settings["GCS_AWS_SECRET_ACCESS_KEY"], stamp[:8], region, "sts", to_sign)
    headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={settings['GCS_AWS_ACCESS_KEY_ID']}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    request = {"url": f"https://sts.{region}.amazonaws.com?{query}", "method": "POST",
               "headers": [{"key": name, "value": value} for name, value in headers.items()], **changes}
    return urllib.parse.quote(json.dumps(request))


def test_a_signed_request_to_aws(gcs):
    config = key_file(gcs, "GCS_EXTERNAL_ACCOUNT_AWS_FILE")
    assert config["credential_source"]["environment_id"] == "aws1"
    status, found = federated(gcs, config, caller_identity(gcs, config))
    assert status == 200 and opens(gcs, found["access_token"])
    for bad in (caller_identity(gcs, config, secret="x"), caller_identity(gcs, config, target="//iam.googleapis.com/x"),
                caller_identity(gcs, config, method="GET"), caller_identity(gcs, config, headers=[]), "{}", "x",
                caller_identity(gcs, config, url="https://sts.us-east-2.amazonaws.com/"),
                caller_identity(gcs, config, region="us-west-1")):
        assert federated(gcs, config, bad) == (400, "invalid_grant")


def test_the_instance_metadata_of_aws(gcs):
    source, accounts = key_file(gcs, "GCS_EXTERNAL_ACCOUNT_AWS_FILE")["credential_source"], gcs.gcs.settings["GCS_ACCOUNTS"]

    def get(url, headers):
        status, _, body = gcs.gcs.request("GET", url.removeprefix(accounts), headers=headers, endpoint="GCS_ACCOUNTS")
        return status, body.decode()
    path = source["imdsv2_session_token_url"].removeprefix(accounts)
    assert gcs.gcs.request("PUT", path, endpoint="GCS_ACCOUNTS")[0] == 400
    session = gcs.gcs.request("PUT", path, headers={"X-aws-ec2-metadata-token-ttl-seconds": "300"},
                              endpoint="GCS_ACCOUNTS")[2]
    headers = {"X-aws-ec2-metadata-token": session.decode()}
    assert get(source["region_url"], {})[0] == 401
    assert get(source["region_url"], headers) == (200, gcs.gcs.settings["GCS_AWS_REGION"] + "b")
    role = get(source["url"], headers)[1]
    found = json.loads(get(f"{source['url']}/{role}", headers)[1])
    assert found["SecretAccessKey"] == gcs.gcs.settings["GCS_AWS_SECRET_ACCESS_KEY"]
    assert get(f"{source['url']}/another", headers)[0] == 404


# -- the metadata server --------------------------------------------------------------------------------

def metadata(gcs, path, headers={"Metadata-Flavor": "Google"}):
    status, answer, body = gcs.gcs.request("GET", path, headers=headers, endpoint="GCS_METADATA_HOST")
    assert answer["metadata-flavor"] == "Google"
    return status, body.decode()


def test_the_metadata_server(gcs):
    account = "/computeMetadata/v1/instance/service-accounts/default"
    assert metadata(gcs, "/", {})[0] == 200
    assert metadata(gcs, "/computeMetadata/v1/project/project-id") == (200, gcs.gcs.settings["GCS_PROJECT"])
    assert metadata(gcs, "/computeMetadata/v1/universe/universe-domain") == (200, "googleapis.com")
    assert metadata(gcs, account + "/email") == (200, gcs.gcs.settings["GCS_EMAIL"])
    assert json.loads(metadata(gcs, account + "/?recursive=true")[1])["email"] == gcs.gcs.settings["GCS_EMAIL"]
    for path in (account, account.replace("default", gcs.gcs.settings["GCS_EMAIL"])):
        found = json.loads(metadata(gcs, path + "/token")[1])
        assert found["token_type"] == "Bearer" and found["expires_in"] == 3599 and opens(gcs, found["access_token"])


def test_the_metadata_server_wants_its_header(gcs):
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    assert metadata(gcs, path, {})[0] == 403
    assert metadata(gcs, path, {"Metadata-Flavor": "Other"})[0] == 403
    assert metadata(gcs, path, {"Metadata-Flavor": "Google", "X-Forwarded-For": "1.2.3.4"})[0] == 403
    assert metadata(gcs, "/computeMetadata/v1/nonsense")[0] == 404
    assert gcs.gcs.request("POST", path, b"", {"Metadata-Flavor": "Google"}, "GCS_METADATA_HOST")[0] == 405


# -- the ends of tokens ---------------------------------------------------------------------------------

@pytest.fixture
def own_gcs(tmp_path):
    """A fake of its own, whose tokens may be revoked."""
    with Server(tmp_path / "own") as server:
        gcs = Gcs(server.settings)
        gcs.create_bucket("bucket")
        yield gcs


def bought(gcs):
    _, _, body = gcs.request("GET", "/computeMetadata/v1/instance/service-accounts/default/token",
                             headers={"Metadata-Flavor": "Google"}, endpoint="GCS_METADATA_HOST")
    return json.loads(body)


def status_with(gcs, token):
    return gcs.request("GET", "/storage/v1/b/bucket/o", headers={"Authorization": f"Bearer {token}"},
                       endpoint="GCS_ENDPOINT")[0]


def test_tokens_are_revoked(own_gcs):
    first, second = bought(own_gcs)["access_token"], bought(own_gcs)["access_token"]
    assert first != second and status_with(own_gcs, first) == status_with(own_gcs, second) == 200
    assert own_gcs.revoke_tokens("somebody@else") == 0 and status_with(own_gcs, first) == 200
    assert own_gcs.revoke_tokens() == 2
    assert status_with(own_gcs, first) == status_with(own_gcs, second) == 401
    assert status_with(own_gcs, bought(own_gcs)["access_token"]) == 200


def test_tokens_expire(own_gcs):
    own_gcs.token_lifetime(1)
    began = time.monotonic()
    found = bought(own_gcs)
    assert found["expires_in"] == 0
    assert status_with(own_gcs, found["access_token"]) == 200 or time.monotonic() - began >= 1
    deadline = time.monotonic() + 10
    while status_with(own_gcs, found["access_token"]) == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status_with(own_gcs, found["access_token"]) == 401


def test_the_environments_name_what_is_there(private_gcs):
    for environment in (private_gcs.environment(), private_gcs.https_environment("GCS_AUTHORIZED_USER_FILE"),
                        private_gcs.anonymous_environment(), private_gcs.metadata_environment()):
        assert environment["STORAGE_EMULATOR_HOST"].startswith("http")
        for name in ("GOOGLE_APPLICATION_CREDENTIALS", "REQUESTS_CA_BUNDLE"):
            assert name not in environment or os.path.isfile(environment[name])
    assert os.path.getsize(private_gcs.settings["GCS_EMPTY_KEY_FILE"]) == 0
    assert oct(os.stat(private_gcs.settings["GCS_KEY_FILE"]).st_mode)[-3:] == "600"
    assert "REQUESTS_CA_BUNDLE" in private_gcs.https_environment()
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in private_gcs.metadata_environment()
