"""The scripted Azure blob service, tested: a strict store that accepted everything would prove nothing. The client
is the one that Azurite has agreed with (test_azurite.py).
"""
import base64
import http.client
import xml.etree.ElementTree as ElementTree

import pytest

from support import azure_errors, faults, sharedkey
from support.azure import Azure
from support.checksums import content_crc64, content_md5
from support.http_server import Disconnected
from support.scripted_azure import ACCOUNT, KEY, ScriptedAzure

NAME = "some folder/ü &<'+%25~"
AS_BLOCK_BLOB = {"x-ms-blob-type": "BlockBlob"}


def code(answer):
    """(status, x-ms-error-code)"""
    return answer[0], answer[1].get("x-ms-error-code")


def block(text):
    return {"comp": "block", "blockid": base64.b64encode(text.encode()).decode()}


def block_list(*texts, kind="Latest"):
    entries = "".join(f"<{kind}>{base64.b64encode(text.encode()).decode()}</{kind}>" for text in texts)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{entries}</BlockList>'.encode()


@pytest.fixture
def client(scripted_azure):
    return Azure(scripted_azure.url, ACCOUNT, KEY)


@pytest.fixture
def lenient():
    """(service, client): its problems are looked at by the test itself."""
    with ScriptedAzure() as service:
        service.add_container("wals")
        yield service, Azure(service.url, ACCOUNT, KEY)


@pytest.fixture
def lenient_tls(authority):
    with ScriptedAzure(authority.server_context()) as service:
        service.add_container("wals")
        yield service, Azure(service.url, ACCOUNT, KEY, authority.root)


# -- what works ----------------------------------------------------------------------------------


@pytest.mark.parametrize("data, expected", [(b"", "AAAAAAAAAAA="), (b"Hello Azure!", "DtjZpL9/o8c=")])
def test_crc64_has_the_published_values(data, expected):
    assert content_crc64(data) == expected


def test_blobs_come_back_with_their_tags_and_metadata(client):
    tags, metadata = {"key with space": "a/1", "k": "="}, {"sha256": "00ff", "some_text": "two words"}
    client.put("wals", NAME, b"content", tags=tags, metadata=metadata)
    assert client.get("wals", NAME) == b"content"
    assert client.tags("wals", NAME) == tags and client.metadata("wals", NAME) == metadata
    found = client.stat("wals", NAME)
    assert (found["content-length"], found["content-md5"], found["x-ms-tag-count"]) == ("7", content_md5(b"content"), "2")
    assert client.names("wals") == [NAME]
    client.remove("wals", NAME)
    assert client.names("wals") == [] and client.get("wals", NAME) is None and client.stat("wals", NAME) is None


def test_containers_come_and_go(client):
    name = client.fresh_container()
    assert client.has_container(name)
    assert code(client.request("PUT", name, query={"restype": "container"})) == (409, "ContainerAlreadyExists")
    assert code(client.request("PUT", "Not_A_Name", query={"restype": "container"})) == (400, "InvalidResourceName")
    client.remove_container(name)
    assert not client.has_container(name)
    for method, query in (("GET", {}), ("GET", {"restype": "container", "comp": "list"})):
        assert code(client.request(method, name, "" if query else "x", query)) == (404, "ContainerNotFound")


def test_the_account_may_be_in_the_host_name(scripted_azure, client):
    client.put("wals", NAME, b"content")
    host = f"{ACCOUNT}.blob.core.windows.net"
    other = Azure(f"http://{host}", ACCOUNT, KEY)
    other.parts = other.parts._replace(netloc=client.parts.netloc)
    assert other.request("GET", "wals", NAME, headers={"host": host})[2] == b"content"
    assert scripted_azure.requests[-1].path.startswith("/wals/")
    assert other.request("GET", "wals", query={"restype": "container"}, headers={"host": host})[0] == 200
    assert scripted_azure.operations()[-2:] == ["GetBlob", "GetContainerProperties"]


def test_ranges(client):
    client.put("wals", "x", b"0123456789")
    status, headers, body = client.request("GET", "wals", "x", headers={"x-ms-range": "bytes=2-4"})
    assert (status, headers["content-range"], body) == (206, "bytes 2-4/10", b"234")
    assert "content-md5" not in headers and headers["x-ms-blob-content-md5"] == content_md5(b"0123456789")
    assert client.request("GET", "wals", "x", headers={"Range": "bytes=8-100"})[::2] == (206, b"89")
    status, headers, _ = client.request("GET", "wals", "x", headers={"Range": "bytes=10-"})
    assert (status, headers["x-ms-error-code"], headers["content-range"]) == (416, "InvalidRange", "bytes */10")
    for kind, value in (("md5", content_md5(b"89")), ("crc64", content_crc64(b"89"))):
        headers = client.request("GET", "wals", "x", headers={
            "Range": "bytes=8-9", f"x-ms-range-get-content-{kind}": "true"})[1]
        assert headers["content-md5" if kind == "md5" else "x-ms-content-crc64"] == value


def test_conditions(client):
    once = {**AS_BLOCK_BLOB, "If-None-Match": "*"}
    assert client.request("PUT", "wals", "x", headers=once, body=b"1")[0] == 201
    assert code(client.request("PUT", "wals", "x", headers=once, body=b"2")) == (409, "BlobAlreadyExists")
    etag = client.stat("wals", "x")["etag"]
    assert client.get("wals", "x", {"If-Match": etag}) == b"1"
    client.put("wals", "x", b"3")
    for method in ("GET", "DELETE"):
        assert code(client.request(method, "wals", "x", headers={"If-Match": etag})) == (412, "ConditionNotMet")
    assert code(client.request("PUT", "wals", "x", headers={**AS_BLOCK_BLOB, "If-Match": etag})) == (
        412, "ConditionNotMet")
    assert client.get("wals", "x") == b"3"


def test_blocks_wait_until_they_are_listed(scripted_azure, client):
    for text, content in (("001", b"one"), ("002", b"two"), ("002", b"TWO"), ("003", b"three")):
        assert client.request("PUT", "wals", "x", block(text), body=content)[0] == 201
    assert client.get("wals", "x") is None and client.uncommitted("wals") == ["x"]
    assert scripted_azure.staged("wals") == ["x"]
    assert [size for _, size in client.blocks("wals", "x")["uncommitted"]] == [3, 3, 5]
    assert code(client.request("PUT", "wals", "x", {"comp": "blocklist"}, body=block_list("004"))) == (
        400, "InvalidBlockList")
    assert code(client.request("PUT", "wals", "x", {"comp": "blocklist"}, body=block_list("001", kind="Committed"))) == (
        400, "InvalidBlockList")
    headers = {"x-ms-tags": "a=b", "x-ms-meta-sha256": "00", "x-ms-blob-content-type": "text/plain"}
    assert client.request("PUT", "wals", "x", {"comp": "blocklist"}, headers, block_list("002", "001"))[0] == 201
    assert client.get("wals", "x") == b"TWOone" and client.uncommitted("wals") == []
    assert client.tags("wals", "x") == {"a": "b"} and client.stat("wals", "x")["content-type"] == "text/plain"
    # The one that was not listed is gone; a list that is sent again finds the committed ones.
    assert code(client.request("PUT", "wals", "x", {"comp": "blocklist"}, body=block_list("003"))) == (
        400, "InvalidBlockList")
    assert client.request("PUT", "wals", "x", {"comp": "blocklist"}, body=block_list("002", "001"))[0] == 201
    once = {"If-None-Match": "*"}
    assert code(client.request("PUT", "wals", "x", {"comp": "blocklist"}, once, block_list("001"))) == (
        409, "BlobAlreadyExists")


def test_limits(scripted_azure, client):
    scripted_azure.max_put_size = scripted_azure.max_block_size = 4
    scripted_azure.max_blocks = 2
    assert code(client.request("PUT", "wals", "x", headers=AS_BLOCK_BLOB, body=b"12345")) == (413, "RequestBodyTooLarge")
    assert code(client.request("PUT", "wals", "x", block("1"), body=b"12345")) == (413, "RequestBodyTooLarge")
    for text in "1234":
        assert client.request("PUT", "wals", "x", block(text), body=b"1")[0] == 201
    assert code(client.request("PUT", "wals", "x", block("5"), body=b"1")) == (409, "BlockCountExceedsLimit")
    assert code(client.request("PUT", "wals", "x", {"comp": "blocklist"}, body=block_list(*"123"))) == (
        400, "BlockListTooLong")


@pytest.mark.parametrize("page_size, empty_first", [(5000, False), (2, False), (1, True)])
def test_listings(scripted_azure, client, page_size, empty_first):
    scripted_azure.page_size, scripted_azure.empty_first_page = page_size, empty_first
    names = sorted(["a/1/ü&<", "a/1/y", "a/2/x", "a/z", "a0", "b"], key=str.encode)
    for name in names:
        client.put("wals", name, name.encode(), metadata={"m": "1"}, tags={"t": "2"})
    assert client.names("wals") == names
    assert client.names("wals", "a/1/") == ["a/1/y", "a/1/ü&<"]
    assert client.folders("wals", "a/") == ["a/1/", "a/2/"]
    assert client.names("wals", "a/", delimiter="/") == ["a/z"]
    lists = len(scripted_azure.at("ListBlobs"))
    assert client.names("wals", "nothing") == [] and len(scripted_azure.at("ListBlobs")) == lists + 1
    _, _, body = client.request("GET", "wals", query={"restype": "container", "comp": "list", "prefix": "a/z",
                                                      "include": "metadata,tags"})
    assert body.startswith(b"\xef\xbb\xbf<?xml")
    found = ElementTree.fromstring(body)
    if not empty_first:
        assert found.findtext(".//Metadata/m") == "1" and found.findtext(".//Tag/Value") == "2"
        assert found.findtext(".//Content-Length") == "3"
        assert f'"{found.findtext(".//Etag")}"' == client.stat("wals", "a/z")["etag"]


def test_batches(scripted_azure, client):
    for name in (NAME, "y", "z"):
        client.put("wals", name, b"1")
    scripted_azure.batch_refusals["z"] = azure_errors.Refusal(503, "ServerBusy", "The server is busy.")
    status, parts, body = client.remove_many("wals", [NAME, "none", "y", "z"])
    assert (status, parts) == (202, {0: 202, 1: 404, 2: 202, 3: 503})
    assert body.index(b"Content-ID: 3") < body.index(b"Content-ID: 0") and b"x-ms-error-code: BlobNotFound" in body
    assert client.names("wals") == ["z"]
    names = [f"n{number}" for number in range(257)]
    status, headers, _ = client.request("POST", "wals", query={"restype": "container", "comp": "batch"}, headers={
        "content-type": "multipart/mixed; boundary=batch"}, body=client.batch(
            client.authorize("DELETE", client.target("wals", name), {}) for name in names))
    assert (status, headers["x-ms-error-code"]) == (400, "ExceedsMaxBatchRequestCount")
    assert client.remove_many("wals", names[:256])[1] == dict.fromkeys(range(256), 404)


# -- credentials ---------------------------------------------------------------------------------


def test_a_wrong_key_is_refused(lenient):
    service, client = lenient
    answer = Azure(service.url, ACCOUNT, "d3Jvbmc=").request("PUT", "wals", "x", headers=AS_BLOCK_BLOB, body=b"1")
    assert code(answer) == (403, "AuthenticationFailed") and b"AuthenticationErrorDetail" in answer[2]
    assert service.problems and service.blobs("wals") == {}
    assert code(client.anonymous().request("GET", "wals", "x")) == (401, "NoAuthenticationInformation")


@pytest.mark.parametrize("seconds", [1000, -1000])
def test_a_clock_that_is_off_is_refused(scripted_azure, client, seconds):
    scripted_azure.clock_ahead = seconds
    answer = client.request("GET", "wals", query={"restype": "container", "comp": "list"})
    assert code(answer) == (403, "AuthenticationFailed") and b"date header too old" in answer[2]


def test_a_signature_covers_the_whole_request(lenient):
    service, client = lenient
    target, headers = client.authorize("PUT", client.target("wals", "x"), {
        "x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob", "content-length": "1", "x-ms-tags": "a=b"})

    def sent(method=None, changed_target=None, body=b"1", **changed):
        connection = http.client.HTTPConnection("127.0.0.1", service.port)
        connection.request(method or "PUT", changed_target or target, body,
                           {**headers, **{name.replace("_", "-"): value for name, value in changed.items()}})
        return connection.getresponse().status
    assert sent() == 201
    assert sent(changed_target=target + "y") == sent(changed_target=target + "?comp=block&blockid=MDAx") == 403
    assert sent(x_ms_tags="a=c") == sent(x_ms_meta_more="1") == sent(content_md5=content_md5(b"1")) == 403
    assert sent(body=b"12", content_length="2") == sent(if_none_match="*") == sent(range="bytes=0-1") == 403


def test_the_string_to_sign_is_that_of_the_reference():
    """The example of "Authorize with Shared Key"."""
    headers = {"x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT", "x-ms-version": "2015-02-21"}
    target = "/mycontainer?restype=container&comp=metadata&timeout=20"
    assert sharedkey.string_to_sign("GET", target, headers, "myaccount") == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20")


@pytest.mark.parametrize("kind", ["account", "container"])
def test_shared_access_signatures(scripted_azure, client, kind):
    def guest(**named):
        return client.with_sas(client.account_sas(**named) if kind == "account"
                               else client.container_sas("wals", **named))
    guest().put("wals", NAME, b"1", tags={"a": "b"})
    assert guest().get("wals", NAME) == b"1" and guest().names("wals") == [NAME]
    assert guest().remove_many("wals", [NAME])[:2] == (202, {0: 202})
    client.put("wals", "x", b"1")
    for permissions, request in (("rl", ("PUT", "wals", "x", {}, AS_BLOCK_BLOB)), ("rl", ("DELETE", "wals", "x")),
                                 ("wl", ("GET", "wals", "x")), ("rw", ("GET", "wals", "", {"restype": "container",
                                                                                           "comp": "list"})),
                                 ("rw", ("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "x-ms-tags": "a=b"}))):
        assert code(guest(permissions=permissions).request(*request)) == (403, "AuthorizationPermissionMismatch")
    for bad in (guest(lifetime=-60), client.with_sas(guest(permissions="r").sas.replace("sp=r", "sp=rw"))):
        assert code(bad.request("GET", "wals", "x")) == (403, "AuthenticationFailed")
    expected = 201 if kind == "account" else 403
    assert guest().request("PUT", "another", query={"restype": "container"})[0] == expected


def test_limits_of_shared_access_signatures(scripted_azure, client):
    client.put("wals", "x", b"1")
    assert code(client.with_sas(client.container_sas("other")).request("GET", "wals", "x")) == (
        403, "AuthenticationFailed")
    for named, wanted in (({"protocol": "https"}, "AuthorizationProtocolMismatch"),
                          ({"services": "q"}, "AuthorizationServiceMismatch"),
                          ({"resources": "c"}, "AuthorizationResourceTypeMismatch")):
        assert code(client.with_sas(client.account_sas(**named)).request("GET", "wals", "x")) == (403, wanted)


def test_tokens_that_were_issued_are_accepted_until_they_are_revoked(lenient_tls):
    service, client = lenient_tls
    guest = client.with_token(service.issue("imds"))
    guest.put("wals", "x", b"1")
    assert guest.remove_many("wals", ["x"])[:2] == (202, {0: 202})
    service.revoke_tokens()
    status, headers, _ = guest.request("GET", "wals", "x")
    assert (status, headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")
    assert "https://storage.azure.com" in headers["www-authenticate"]
    service.token_lifetime = -1
    assert client.with_token(service.issue("imds")).request("GET", "wals", "x")[0] == 401
    assert not service.problems


def test_tokens_over_http_are_a_problem(lenient):
    service, client = lenient
    assert client.with_token(service.issue("imds")).request("GET", "wals", "x")[0] == 403
    assert len(service.problems) == 1


# -- what no client of ours should send -----------------------------------------------------------


@pytest.mark.parametrize("arguments, status, wanted", [
    (("PUT", "wals", "x", {}, {}), 400, "InvalidHeaderValue"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "Content-MD5": content_md5(b"2")}), 400, "Md5Mismatch"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "x-ms-content-crc64": content_crc64(b"2")}), 400, "Crc64Mismatch"),
    (("PUT", "wals", "x", block("1"), {"Content-MD5": content_md5(b"2")}), 400, "Md5Mismatch"),
    (("PUT", "wals", "x", block("1"), {"x-ms-content-crc64": content_crc64(b"2")}), 400, "Crc64Mismatch"),
    (("PUT", "wals", "x", block("1"), {"x-ms-content-crc64": content_crc64(b"1"), "Content-MD5": content_md5(b"1")}),
     400, "InvalidInput"),
    (("PUT", "wals", "x", block("1"), {"If-None-Match": "*"}), 400, "InvalidInput"),
    (("PUT", "wals", "x", {"comp": "block", "blockid": "?"}), 400, "InvalidQueryParameterValue"),
    (("PUT", "wals", "x", block("1" * 65)), 400, "InvalidQueryParameterValue"),
    (("PUT", "wals", "x", {"comp": "blocklist"}), 400, "InvalidXmlDocument"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "If-None-Match": '"0x1"'}), 400, "InvalidInput"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "x-ms-meta-a-b": "1"}), 400, "InvalidMetadata"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "x-ms-tags": "a=%26"}), 400, "InvalidTag"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "x-ms-tags": "a=1&a=2"}), 400, "DuplicateTagNames"),
    (("PUT", "wals", "x", {}, {**AS_BLOCK_BLOB, "x-ms-tags": "&".join(f"t{n}=1" for n in range(11))}), 400,
     "TagsTooLarge"),
    (("GET", "wals", "", {"restype": "container", "comp": "list", "marker": "a"}), 400, "OutOfRangeInput"),
    (("GET", "wals", "", {"restype": "container", "comp": "list", "max-keys": "1"}), 400, "InvalidQueryParameterValue"),
    (("GET", "wals", "y", {}, {"Range": "bytes=-5"}), 400, "InvalidHeaderValue"),
    (("GET", "wals", "y", {}, {"x-ms-version": "2017-04-17"}), 400, "InvalidHeaderValue"),
    (("GET", "wals", "y", {}, {"Date": "Fri, 26 Jun 2015 23:39:12 GMT"}), 400, "InvalidInput"),
    (("GET", "wals", "y", {}, {"x-ms-date": "2015-06-26"}), 403, "AuthenticationFailed"),
    (("POST", "wals", "y"), 405, "UnsupportedHttpVerb"),
    (("POST", "wals", "", {"restype": "container", "comp": "batch"}), 400, "InvalidHeaderValue"),
    (("POST", "wals", "", {"restype": "container", "comp": "batch"}, {"content-type": "multipart/mixed; boundary=b"}),
     400, "InvalidInput")])
def test_it_is_refused_and_noted(lenient, arguments, status, wanted):
    service, client = lenient
    client.put("wals", "y", b"1")
    body = b"1" if arguments[0] in ("PUT", "POST") else b""
    assert code(client.request(*arguments, body=body)) == (status, wanted)
    assert len(service.problems) == 1 and list(service.blobs("wals")) == ["y"] and service.staged("wals") == []


def test_block_ids_must_be_of_one_length(lenient):
    service, client = lenient
    assert client.request("PUT", "wals", "x", block("001"), body=b"1")[0] == 201
    assert code(client.request("PUT", "wals", "x", block("0002"), body=b"1")) == (400, "InvalidBlobOrBlock")
    assert code(client.request("PUT", "wals", "x", block("002"))) == (400, "InvalidHeaderValue")
    scoped = {"x-ms-encryption-scope": "mine"}
    assert code(client.request("PUT", "wals", "x", {"comp": "blocklist"}, scoped, block_list("001"))) == (
        409, "BlobEncryptionScopeMismatch")
    assert len(service.problems) == 3


@pytest.mark.parametrize("change", [
    lambda body: body.replace(b"Content-ID: 1", b"Content-ID: 0"), lambda body: body.replace(b"binary", b"base64"),
    lambda body: body.replace(b"DELETE", b"GET"), lambda body: body.replace(b"\r\n", b"\n"),
    lambda body: body.replace(b"x-ms-date", b"x-ms-version: 2021-12-02\r\nx-ms-date"),
    lambda body: body[:-4], lambda body: b"--batch--\r\n"])
def test_malformed_batches_are_refused_and_noted(lenient, change):
    service, client = lenient
    client.put("wals", "x", b"1")
    body = change(client.batch(client.authorize("DELETE", client.target("wals", name), {}) for name in ("x", "y")))
    answer = client.request("POST", "wals", query={"restype": "container", "comp": "batch"},
                            headers={"content-type": "multipart/mixed; boundary=batch"}, body=body)
    assert code(answer) == (400, "InvalidInput")
    assert len(service.problems) == 1 and client.names("wals") == ["x"]


def test_parts_of_a_batch_are_authorised_one_by_one(lenient):
    service, client = lenient
    service.add_container("other")
    client.put("wals", "x", b"1")
    client.put("other", "x", b"1")
    wrong = Azure(service.url, ACCOUNT, "d3Jvbmc=")
    body = client.batch([wrong.authorize("DELETE", client.target("wals", "x"), {}),
                         client.authorize("DELETE", client.target("other", "x"), {})])
    answer = client.request("POST", "wals", query={"restype": "container", "comp": "batch"},
                            headers={"content-type": "multipart/mixed; boundary=batch"}, body=body)
    assert answer[0] == 202 and b" 403 " in answer[2] and b" 400 " in answer[2]
    assert client.names("wals") == client.names("other") == ["x"] and len(service.problems) == 2


def test_chunks_are_refused_and_noted(lenient):
    service, _ = lenient
    connection = http.client.HTTPConnection("127.0.0.1", service.port)
    connection.request("PUT", f"/{ACCOUNT}/wals/x", body=iter([b"abc"]), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})
    assert connection.getresponse().status == 400 and len(service.problems) == 1


# -- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault, status, wanted", [
    (azure_errors.server_busy(7), 503, "ServerBusy"), (azure_errors.throttled(7), 429, "TooManyRequests"),
    (azure_errors.operation_timed_out(), 500, "OperationTimedOut"), (azure_errors.internal_error(), 500, "InternalError"),
    (azure_errors.authorization_failure(), 403, "AuthorizationFailure"),
    (azure_errors.permission_mismatch(), 403, "AuthorizationPermissionMismatch"),
    (azure_errors.container_being_deleted(), 409, "ContainerBeingDeleted"),
    (azure_errors.refuse(404, "ResourceNotFound"), 404, "ResourceNotFound")])
def test_the_nth_request_of_an_operation_can_fail(scripted_azure, client, fault, status, wanted):
    scripted_azure.inject_at("PutBlock", fault, nth=2, times=1)
    answers = [client.request("PUT", "wals", "x", block(text), body=b"1") for text in "123"]
    assert [code(answer) for answer in answers] == [(201, None), (status, wanted), (201, None)]
    assert f"<Code>{wanted}</Code>".encode() in answers[1][2] and answers[1][1]["x-ms-request-id"]
    assert answers[1][1].get("retry-after") == ("7" if status in (429, 503) else None)
    client.put("wals", "y", b"1")
    assert scripted_azure.operations() == ["PutBlock"] * 3 + ["PutBlob"]
    assert [len(client.blocks("wals", "x")["uncommitted"]), len(scripted_azure.at("PutBlock"))] == [2, 3]


def test_errors_of_head_are_in_the_headers(scripted_azure, client):
    scripted_azure.inject_at("GetBlobProperties", azure_errors.server_busy())
    status, headers, body = client.request("HEAD", "wals", "x")
    assert (status, headers["x-ms-error-code"], body) == (503, "ServerBusy", b"")


def test_connections_can_fail(scripted_azure, client):
    client.put("wals", "x", b"0123456789")
    scripted_azure.inject_at("GetBlob", faults.cut_response(5), times=1)
    with pytest.raises(http.client.IncompleteRead):
        client.get("wals", "x")
    scripted_azure.inject_at("PutBlob", faults.lose_answer(), times=1)
    with pytest.raises((OSError, Disconnected)):
        client.put("wals", "y", b"1")
    assert client.names("wals") == ["x", "y"]


def test_a_wrong_checksum_can_be_told(scripted_azure, client):
    client.put("wals", "x", b"1")
    scripted_azure.inject_at("GetBlob", azure_errors.wrong_md5())
    told = client.request("GET", "wals", "x", headers={"Range": "bytes=0-", "x-ms-range-get-content-md5": "true"})[1]
    assert len(base64.b64decode(told["content-md5"])) == 16 and told["content-md5"] != content_md5(b"1")
