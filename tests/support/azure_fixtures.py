"""Fixtures for tests with Azure Blob Storage: Azurite, and the scripted service."""
import pytest

from support.azure import Azure
from support.proxy import FaultProxy
from support.scripted_azure import ScriptedAzure
from support.scripted_tokens import TokenServer


@pytest.fixture
def azure(azurite):
    """A client of Azurite over http, with the account's key."""
    return Azure.over_http(azurite)


@pytest.fixture
def azure_tls(azurite):
    """The same over https: another store, which also takes tokens."""
    return Azure.over_https(azurite)


@pytest.fixture
def azure_container(azure):
    """A new, empty container of `azure`, which goes with the test."""
    name = azure.fresh_container()
    yield name
    azure.remove_container(name)


@pytest.fixture
def azure_proxy(azurite):
    """A FaultProxy in front of Azurite, over http."""
    with FaultProxy(azurite["AZURE_URL"].rpartition("/")[0]) as server:
        yield server
    assert not server.problems, "\n".join(server.problems)


@pytest.fixture
def tokens():
    """Token endpoints for use beside Azurite, over http. Strict: what they minded fails the test."""
    with TokenServer() as server:
        yield server
    assert not server.problems, "\n".join(server.problems)


@pytest.fixture
def scripted_azure():
    """The scripted blob service over http, with the container "wals". Strict: what it minded fails the test."""
    with ScriptedAzure() as service:
        service.add_container("wals")
        yield service
    assert not service.problems, "\n".join(service.problems)


@pytest.fixture
def scripted_azure_tls(authority):
    """The same over https, where tokens are accepted; the certificates are `authority`'s."""
    with ScriptedAzure(authority.server_context()) as service:
        service.add_container("wals")
        yield service
    assert not service.problems, "\n".join(service.problems)
