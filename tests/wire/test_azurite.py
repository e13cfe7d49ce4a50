"""Azurite and the client that tests look at it with: it verifies what the real service verifies, so that a test
that passes there means something. What it does not verify is here as well.
"""
import base64
import urllib.parse

import pytest

from support import jwt
from support.azure import Azure
from support.checksums import content_md5
from support.scripted_tokens import RESOURCE, forge_token

BLOB = "some folder/ü &<'+%25~"
AS_BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}
EVERYTHING = [("GET", {}, {}), ("HEAD", {}, {}), ("PUT", {}, AS_BLOCK_BLOB), ("DELETE", {}, {}),
              ("PUT", {"comp": "block", "blockid": "MDAx"}, {}), ("PUT", {"comp": "blocklist"}, {})]


def code(answer):
    """(status, x-ms-error-code)"""
    return answer[0], answer[1].get("x-ms-error-code")


def unsigned(answer):
    """Whether the signature was refused: an instance that takes tokens has another answer for it."""
    return code(answer) in ((403, "AuthorizationFailure"), (400, "InvalidAuthenticationInfo"))


@pytest.fixture(params=["http", "https"])
def client(request):
    """Either instance, each with a store of its own."""
    return request.getfixturevalue("azure" if request.param == "http" else "azure_tls")


@pytest.fixture
def container(client):
    name = client.fresh_container()
    yield name
    client.remove_container(name)


def test_blobs_come_back_with_their_tags_and_metadata(client, container):
    tags, metadata = {"key with space": "a/1", "k": "="}, {"sha256": "00ff", "some_text": "two words"}
    client.put(container, BLOB, b"content", tags=tags, metadata=metadata)
    assert client.get(container, BLOB) == b"content"
    assert client.get(container, BLOB, {"Range": "bytes=1-3"}) == b"ont"
    assert client.tags(container, BLOB) == tags
    assert client.metadata(container, BLOB) == metadata
    assert client.stat(container, BLOB)["content-length"] == "7"
    assert client.names(container) == [BLOB]
    client.remove(container, BLOB)
    assert client.names(container) == [] and client.get(container, BLOB) is None and client.stat(container, BLOB) is None


def test_containers_come_and_go(client):
    name = client.fresh_container()
    assert client.has_container(name)
    assert code(client.request("PUT", name, query={"restype": "container"})) == (409, "ContainerAlreadyExists")
    client.put(name, "x", b"1")
    client.remove_container(name)
    client.remove_container(name)
    assert not client.has_container(name)
    assert code(client.request("GET", name, "x")) == (404, "ContainerNotFound")


def test_listings_are_paged_and_have_folders(client, container):
    names = [f"a/{number}/x" for number in range(5)] + ["b"]
    for name in names:
        client.put(container, name, b"")
    assert client.names(container, maxresults="2") == names
    assert client.names(container, "a/3") == ["a/3/x"]
    assert client.folders(container, "a/") == [f"a/{number}/" for number in range(5)]


def test_the_account_may_be_in_the_host_name(azure, azure_container):
    azure.put(azure_container, BLOB, b"content")
    host = f"{azure.account}.localhost:{azure.parts.port}"
    for key, status in ((azure.key, 200), ("d3Jvbmc=", 403)):
        other = Azure(f"http://{host}", azure.account, key)
        other.parts = other.parts._replace(netloc=azure.parts.netloc)  # the system does not resolve such names
        answer = other.request("GET", azure_container, BLOB, headers={"host": host})
        assert (answer[0], answer[2] == b"content") == (status, status == 200)


# -- Shared Key ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method, query, headers", EVERYTHING)
def test_a_wrong_key_is_refused(client, container, method, query, headers):
    client.put(container, "x", b"1")
    wrong = Azure(client.url, client.account, "d3Jvbmc=", client.ca_file)
    assert unsigned(wrong.request(method, container, "x", query, headers))
    assert client.get(container, "x") == b"1"


@pytest.mark.parametrize("method, query, headers", EVERYTHING)
def test_without_a_credential_nothing_works(client, container, method, query, headers):
    client.put(container, "x", b"1")
    assert code(client.anonymous().request(method, container, "x", query, headers)) == (403, "AuthorizationFailure")
    assert client.get(container, "x") == b"1"


@pytest.mark.parametrize("name, value", [
    ("x-ms-meta-a", "other"), ("x-ms-tags", "a=other"), ("content-type", "text/plain"), ("if-none-match", "*"),
    ("content-md5", content_md5(b"1")), ("x-ms-date", "Mon, 01 Jan 2024 00:00:00 GMT")])
def test_headers_changed_on_the_way_are_noticed(client, container, name, value):
    class Meddler(Azure):
        def authorize(self, method, target, headers):
            target, headers = super().authorize(method, target, headers)
            return target, {**headers, name: value}
    meddled = Meddler(client.url, client.account, client.key, client.ca_file)
    given = {**AS_BLOCK_BLOB, "x-ms-meta-a": "b", "x-ms-tags": "a=b"}
    assert code(client.request("PUT", container, "x", headers=given, body=b"1")) == (201, None)
    assert unsigned(meddled.request("PUT", container, "x", headers=given, body=b"1"))


def test_a_request_changed_on_the_way_is_noticed(client, container):
    class Meddler(Azure):
        def authorize(self, method, target, headers):
            _, headers = super().authorize(method, target, headers)
            return target.replace("prefix=a", "prefix=b"), headers
    meddled = Meddler(client.url, client.account, client.key, client.ca_file)
    listing = {"restype": "container", "comp": "list", "prefix": "a"}
    assert client.request("GET", container, query=listing)[0] == 200
    assert unsigned(meddled.request("GET", container, query=listing))


# -- shared access signatures --------------------------------------------------------------------


def signatures(client, container, **named):
    return {"account": client.account_sas(**named), "container": client.container_sas(container, **named)}


@pytest.mark.parametrize("kind", ["account", "container"])
def test_a_signature_lets_in(client, container, kind):
    guest = client.with_sas(signatures(client, container)[kind])
    guest.put(container, BLOB, b"1", tags={"a": "b"})
    assert guest.get(container, BLOB) == b"1" and guest.names(container) == [BLOB]
    guest.remove(container, BLOB)


@pytest.mark.parametrize("kind", ["account", "container"])
def test_a_signature_allows_what_it_says(client, container, kind):
    client.put(container, "x", b"1")
    reader = client.with_sas(signatures(client, container, permissions="rl")[kind])
    assert reader.get(container, "x") == b"1" and reader.names(container) == ["x"]
    for method, headers in (("PUT", AS_BLOCK_BLOB), ("DELETE", {})):
        assert code(reader.request(method, container, "x", headers=headers)) == (403, "AuthorizationPermissionMismatch")
    lister = client.with_sas(signatures(client, container, permissions="l")[kind])
    assert code(lister.request("GET", container, "x")) == (403, "AuthorizationPermissionMismatch")


def wrongly_signed(text):
    """Another signature as well formed as the one in `text`, a shared access signature."""
    rest, _, signature = text.rpartition("&sig=")
    first, *others = base64.b64decode(urllib.parse.unquote(signature))
    return f"{rest}&sig={urllib.parse.quote(base64.b64encode(bytes([first ^ 1, *others])), safe='')}"


@pytest.mark.parametrize("kind", ["account", "container"])
def test_expired_and_tampered_signatures_are_refused(client, container, kind):
    client.put(container, "x", b"1")
    good = signatures(client, container, permissions="rl")[kind]
    later = good.replace("&se=2", "&se=3")
    more = good.replace("sp=rl", "sp=rlw")
    assert later != good and more != good
    for bad in (later, more, wrongly_signed(good), signatures(client, container, lifetime=-60)[kind]):
        assert code(client.with_sas(bad).request("GET", container, "x")) == (403, "AuthorizationFailure")


def test_a_container_signature_is_good_for_its_container_alone(client, container):
    guest = client.with_sas(client.container_sas("another"))
    assert code(guest.request("GET", container, "x")) == (403, "AuthorizationFailure")
    made = client.with_sas(client.container_sas("another")).request("PUT", "another", query={"restype": "container"})
    assert made[0] == 403


def test_a_signature_for_https_is_refused_over_http(azure, azure_container):
    guest = azure.with_sas(azure.account_sas(protocol="https"))
    assert code(guest.request("GET", azure_container, "x")) == (403, "AuthorizationProtocolMismatch")


# -- tokens --------------------------------------------------------------------------------------


@pytest.mark.parametrize("token, status", [
    (forge_token(), 200), (forge_token(audience=f"{RESOURCE}/"), 200),
    (forge_token(audience="https://management.azure.com"), 403), (forge_token(issuer="https://login.example/"), 403),
    (forge_token(lifetime=-10), 403), (forge_token(begins=600), 403), ("not.a-token", 403)])
def test_tokens_are_looked_at(azure_tls, token, status):
    container = azure_tls.fresh_container()
    azure_tls.put(container, "x", b"1")
    answer = azure_tls.with_token(token).request("GET", container, "x")
    azure_tls.remove_container(container)
    assert answer[0] == status
    assert (answer[2] == b"1") == (status == 200)


def test_over_http_tokens_are_refused(azure, azure_container):
    azure.put(azure_container, "x", b"1")
    assert azure.with_token(forge_token()).request("GET", azure_container, "x")[0] == 403


# -- checksums, conditions, blocks ---------------------------------------------------------------


@pytest.mark.parametrize("query", [{}, {"comp": "block", "blockid": "MDAx"}])
def test_content_md5_is_verified(client, container, query):
    headers = AS_BLOCK_BLOB if not query else {}
    good, bad = content_md5(b"content"), content_md5(b"other")
    assert code(client.request("PUT", container, "x", query, {**headers, "Content-MD5": bad}, b"content")) == (
        400, "InvalidOperation")
    assert client.names(container, include="uncommittedblobs") == []
    assert client.request("PUT", container, "x", query, {**headers, "Content-MD5": good}, b"content")[0] == 201
    assert client.names(container, include="uncommittedblobs") == ["x"]


def test_crc64_is_not_supported(client, container):
    answer = client.request("PUT", container, "x", {"comp": "block", "blockid": "MDAx"},
                            {"x-ms-content-crc64": "AAAAAAAAAAA="}, b"1")
    assert code(answer) == (500, "FeatureNotSupported")


def test_blobs_are_created_once_when_asked(client, container):
    once = {**AS_BLOCK_BLOB, "If-None-Match": "*"}
    assert client.request("PUT", container, "x", headers=once, body=b"1")[0] == 201
    assert code(client.request("PUT", container, "x", headers=once, body=b"2")) == (409, "BlobAlreadyExists")
    assert client.request("PUT", container, "x", {"comp": "block", "blockid": "MDAx"}, body=b"3")[0] == 201
    body = b"<BlockList><Latest>MDAx</Latest></BlockList>"
    assert code(client.request("PUT", container, "x", {"comp": "blocklist"}, {"If-None-Match": "*"}, body)) == (
        409, "BlobAlreadyExists")
    assert client.get(container, "x") == b"1"


def test_reading_is_pinned_to_an_etag(client, container):
    client.put(container, "x", b"first")
    pin = {"Range": "bytes=1-2", "If-Match": client.stat(container, "x")["etag"]}
    assert client.request("GET", container, "x", headers=pin)[::2] == (206, b"ir")
    client.put(container, "x", b"other")
    assert code(client.request("GET", container, "x", headers=pin)) == (412, "ConditionNotMet")
    assert code(client.request("GET", container, "x", headers={"Range": "bytes=6-"})) == (416, "InvalidRange")


def test_blocks_wait_until_they_are_listed(client, container):
    for name, content in (("MDAx", b"one"), ("MDAy", b"two")):
        assert client.request("PUT", container, "x", {"comp": "block", "blockid": name}, body=content)[0] == 201
    assert code(client.request("PUT", container, "x", {"comp": "block", "blockid": "MDAwMDE="}, body=b"1")) == (
        400, "InvalidBlobOrBlock")
    assert client.uncommitted(container) == ["x"] and client.get(container, "x") is None
    assert client.blocks(container, "x") == {"committed": [], "uncommitted": [("MDAx", 3), ("MDAy", 3)]}

    missing = b"<BlockList><Latest>MDAz</Latest></BlockList>"
    assert code(client.request("PUT", container, "x", {"comp": "blocklist"}, body=missing)) == (400, "InvalidBlockList")
    both = b"<BlockList><Latest>MDAy</Latest><Latest>MDAx</Latest></BlockList>"
    assert client.request("PUT", container, "x", {"comp": "blocklist"}, body=both)[0] == 201
    assert client.uncommitted(container) == [] and client.get(container, "x") == b"twoone"
    assert client.blocks(container, "x") == {"committed": [("MDAy", 3), ("MDAx", 3)], "uncommitted": []}


def test_many_blobs_are_deleted_in_one_batch(client, container):
    client.put(container, BLOB, b"1")
    client.put(container, "y", b"1")
    status, parts, body = client.remove_many(container, [BLOB, "missing"])
    assert (status, parts) == (202, {0: 202, 1: 404}) and b"BlobNotFound" in body
    assert client.names(container) == ["y"]
    wrong = Azure(client.url, client.account, "d3Jvbmc=", client.ca_file)
    assert wrong.remove_many(container, ["y"])[0] in (400, 403)
    assert client.names(container) == ["y"]


def test_a_container_signature_may_batch_and_an_account_signature_may_not(client, container):
    """The real service lets both; Azurite answers an account signature with a bare 500."""
    client.put(container, "x", b"1")
    assert client.with_sas(client.account_sas()).remove_many(container, ["x"])[::2] == (500, b"")
    assert client.with_sas(client.container_sas(container)).remove_many(container, ["x"])[:2] == (202, {0: 202})


def test_a_range_from_the_end_on_is_empty(client, container):
    """The real service answers 416."""
    client.put(container, "x", b"12345")
    assert client.request("GET", container, "x", headers={"Range": "bytes=5-"})[::2] == (206, b"")


@pytest.mark.parametrize("version, status", [("2019-12-12", 200), ("2021-12-02", 200), ("2025-11-05", 200),
                                             ("2021-12-03", 400), ("2030-01-01", 400)])
def test_versions_of_the_service_are_known_by_name(client, container, version, status):
    answer = client.request("GET", container, query={"restype": "container"}, headers={"x-ms-version": version})
    assert answer[0] == status


def test_dates_are_not_looked_at(client, container):
    """So skew of the clock is for the scripted service."""
    old = {"x-ms-date": "Mon, 01 Jan 2024 00:00:00 GMT"}
    assert client.request("GET", container, query={"restype": "container"}, headers=old)[0] == 200


# -- what the commands are given -----------------------------------------------------------------


def test_each_mode_is_in_the_environment(azure_tls, tokens):
    container = azure_tls.fresh_container()
    azure_tls.remove_container(container)
    texts = {mode: azure_tls.environment(mode, container, tokens) for mode in (
        "connection-string", "sas-connection-string", "key", "account-sas", "container-sas", "token")}
    assert all(found.pop("REQUESTS_CA_BUNDLE") == azure_tls.ca_file for found in texts.values())
    assert f";BlobEndpoint={azure_tls.url};" in texts["connection-string"]["AZURE_STORAGE_CONNECTION_STRING"]
    assert azure_tls.key not in texts["sas-connection-string"]["AZURE_STORAGE_CONNECTION_STRING"]
    assert {mode: sorted(found) for mode, found in texts.items()} == {
        "connection-string": ["AZURE_STORAGE_CONNECTION_STRING"],
        "sas-connection-string": ["AZURE_STORAGE_CONNECTION_STRING"],
        "key": ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"],
        "account-sas": ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_SAS_TOKEN"],
        "container-sas": ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_SAS_TOKEN"],
        "token": ["AZURE_STORAGE_ACCOUNT", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"]}


def test_forged_tokens_have_the_form_of_tokens():
    header, claims, _, signature = jwt.parse(forge_token())
    assert header["alg"] == "RS256" and claims["aud"] == RESOURCE and claims["exp"] > claims["nbf"] and signature
    with pytest.raises(ValueError):
        jwt.parse("a.b")
