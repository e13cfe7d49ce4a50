"""check-wal-archive on Azurite while the network and the service misbehave: it creates the container."""
import uuid

import pytest

from support import azure_errors, faults
from support.azure_errors import REQUEST_ID
from support.azure_fixtures import azure_proxy as proxy  # noqa: F401
from support.azure_site import AzureSite
from support.site import error_line, expect

CREATE, LIST = r"\?restype=container$", "comp=list"


@pytest.fixture
def absent(run, azure, proxy, tmp_path):
    """An archive in a container that does not exist."""
    run = run.with_env(**azure.environment("key"), TAPSTER_MAX_ATTEMPTS="2")
    site = AzureSite(run, f"{proxy.endpoint}/{azure.account}", f"test-{uuid.uuid4().hex[:12]}", tmp_path)
    yield site
    azure.remove_container(site.bucket)


def test_a_missing_container_is_created_by_the_check_alone(azure, absent, content):
    error_line(expect(absent.archive(absent.segment(content)), 4), "ContainerNotFound", absent.bucket)
    expect(absent.check("-t"), 0)
    assert not azure.has_container(absent.bucket)
    expect(absent.check(), 0)
    assert azure.has_container(absent.bucket)
    expect(absent.archive(absent.segment(content)), 0)
    error_line(expect(absent.check(), 1), "Expected empty archive")


@pytest.mark.parametrize("fault", [faults.lose_answer(), faults.reset(), azure_errors.internal_error(),
                                   azure_errors.server_busy(0)], ids=["answer lost", "reset", "500", "503"])
def test_the_creation_survives_a_fault(proxy, azure, absent, fault):
    """A creation that is repeated, after its answer was lost, finds the container: that is fine."""
    for method, path in (("PUT", CREATE), ("GET", LIST)):
        proxy.inject(fault, method=method, path=path, times=1)
    expect(absent.check(), 0)
    assert azure.has_container(absent.bucket) and len(proxy.seen("PUT", CREATE)) == 2


def test_a_container_that_somebody_else_creates_at_the_same_time(proxy, azure, absent):
    def overtaken(exchange):
        azure.create_container(absent.bucket)
        exchange.server.respond(exchange)
    proxy.inject(overtaken, method="PUT", path=CREATE, times=1)
    expect(absent.check(), 0)
    assert len(proxy.seen("PUT", CREATE)) == 1


@pytest.mark.parametrize("fault, status, mentioned", [
    (azure_errors.container_being_deleted(), 4, ["ContainerBeingDeleted", "409", "try again in a minute"]),
    (azure_errors.permission_mismatch(), 4, ["AuthorizationPermissionMismatch", "403", "Blob Data Contributor"]),
    (azure_errors.server_busy(), 2, ["ServerBusy", "503"]),
    (azure_errors.internal_error(), 2, ["InternalError", "500"]),
    (faults.reset_after_request(), 2, [])], ids=["409", "403", "503", "500", "reset"])
def test_a_creation_or_a_listing_that_fails(proxy, azure, absent, fault, status, mentioned):
    for method, path in (("PUT", CREATE), ("GET", LIST)):
        proxy.rules.clear()
        proxy.inject(fault, method=method, path=path)
        request_id = [REQUEST_ID] if mentioned else []
        error_line(expect(absent.check(), status), "WAL archive check", *mentioned, *request_id, absent.bucket)
        assert not azure.has_container(absent.bucket)
    error_line(expect(absent.check("-t"), status), *mentioned)
