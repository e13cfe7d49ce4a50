"""Fixtures for tests with Azure Blob Storage: Azurite, and the scripted service."""
import pytest

from support.azure import Azure
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
def tokens():
    """Token endpoints for use beside Azurite, over http. Strict: what they minded fails the test."""
    with TokenServer() as server:
        yield server
    assert not server.problems, "\n".join(server.problems)
