"""backup-delete on Azure Blob Storage while the service refuses, fails and lies: what is left, and that the next run
finishes. On the scripted service, whose requests are counted, and on Azurite through the proxy."""
import re
import signal
import subprocess

import pytest

from support import azure_errors, faults
from support.azure_errors import REQUEST_ID, Refusal
from support.azure_fixtures import azure_proxy  # noqa: F401
from support.azure_site import PROVIDER
from support.http_server import Request, Response
from support.scripted_azure import ACCOUNT, KEY
from support.scripted_azure_blobs import Blob
from support.site import error_line, expect, lines
from support.stored_backups import three_backups, wal_key, wal_name


@pytest.fixture
def stored(scripted_azure):
    """Three backups and their WAL: (ids, {name: Blob}), the second changes with the container."""
    ids, objects = three_backups(archives=("data.tar", "data_0001.tar"))
    blobs = scripted_azure.blobs("wals")
    blobs.update({name: Blob(text.encode(), Request("PUT", "", []), {}, None, "application/octet-stream")
                  for name, text in objects.items()})
    return ids, blobs


@pytest.fixture
def delete(run, scripted_azure):
    run = run.with_env(AZURE_STORAGE_ACCOUNT=ACCOUNT, AZURE_STORAGE_KEY=KEY, TAPSTER_MAX_ATTEMPTS="2")
    return lambda *options: run("backup-delete", *PROVIDER, *options, f"{scripted_azure.url}/wals", "main")


def infos(names):
    return sorted(name.split("/")[2] for name in names if name.endswith("/backup.info"))


def logs(names):
    return sorted({int(match[1], 16) for name in names if (match := re.search(r"/wals/00000001(\w{8})/", name))})


NO_BATCHES = {
    "not known": azure_errors.refuse(501, "NotImplemented"),
    "an emulator": azure_errors.refuse(500, "FeatureNotSupported"),
    "not with this signature": azure_errors.permission_mismatch(),
    "no verb": azure_errors.refuse(405, "UnsupportedHttpVerb"),
    "not understood": azure_errors.refuse(400, "InvalidInput"),
    "an answer without a result": lambda exchange: (exchange.read_body(), exchange.send(Response(202)))}


@pytest.mark.parametrize("fault", NO_BATCHES)
def test_a_service_that_refuses_batches_is_asked_one_by_one(scripted_azure, stored, delete, fault):
    ids, blobs = stored
    scripted_azure.inject_at("BlobBatch", NO_BATCHES[fault])
    expect(delete("--retention-policy", "RECOVERY WINDOW OF 30 DAYS"), 0)
    assert infos(blobs) == ids[1:] and logs(blobs) == [2, 3]
    assert len(scripted_azure.at("BlobBatch")) == 1, "it is asked again and again"
    assert len(scripted_azure.at("DeleteBlob")) == 3 + 4


@pytest.mark.parametrize("fault", [faults.reset_after_request(), faults.lose_answer(), faults.cut_response(5),
                                   azure_errors.server_busy(0), azure_errors.operation_timed_out()],
                         ids=["reset", "the answer lost", "the answer cut", "503", "500"])
def test_a_batch_that_fails_once_is_repeated(scripted_azure, stored, delete, fault):
    """What the repetition does not find was deleted the first time."""
    ids, blobs = stored
    scripted_azure.inject_at("BlobBatch", fault, times=1)
    assert lines(expect(delete("-r", "REDUNDANCY 1"), 0), "ERROR") == []
    assert infos(blobs) == ids[2:] and logs(blobs) == [3]
    assert scripted_azure.at("DeleteBlob") == [], "all goes in batches"


@pytest.mark.parametrize("fault", [azure_errors.server_busy(), faults.reset_after_request()], ids=["503", "reset"])
def test_batches_that_never_pass_delete_nothing_and_are_reported(scripted_azure, stored, delete, fault):
    ids, blobs = stored
    before = set(blobs)
    scripted_azure.inject_at("BlobBatch", fault)
    done = expect(delete("-b", ids[0]), 1)
    assert f"{ids[0]}/data.tar" in done.stderr and "Blob Batch" in done.stderr
    assert set(blobs) == before
    scripted_azure.rules.clear()
    expect(delete("-b", ids[0]), 0)
    assert infos(blobs) == ids[1:] and logs(blobs) == [2, 3]


def test_one_blob_of_a_batch_that_fails_for_a_moment_is_deleted_by_itself(scripted_azure, stored, delete):
    ids, blobs = stored
    busy = wal_key(wal_name(1, 0, 1), ".gz")
    scripted_azure.batch_refusals[busy] = Refusal(503, "ServerBusy", "Try again.")
    assert lines(expect(delete("-r", "REDUNDANCY 1"), 0), "ERROR") == []
    assert infos(blobs) == ids[2:] and logs(blobs) == [3]
    assert [request.path for request in scripted_azure.at("DeleteBlob") if busy in request.path] == [
        f"/{ACCOUNT}/wals/{busy}"]


def test_one_blob_of_a_batch_that_stays_does_not_keep_the_others(scripted_azure, stored, delete):
    ids, blobs = stored
    stubborn = wal_key(wal_name(1, 0, 1), ".gz")
    refusal = azure_errors.refuse(409, "BlobImmutableDueToPolicy")
    scripted_azure.batch_refusals[stubborn] = Refusal(409, "BlobImmutableDueToPolicy", "No.")
    scripted_azure.inject(refusal, method="DELETE", path=stubborn)
    done = expect(delete("-b", ids[0]), 1)
    [error] = [line for line in lines(done, "ERROR") if stubborn in line]
    assert "BlobImmutableDueToPolicy" in error and REQUEST_ID in error and "legal hold" in error
    assert infos(blobs) == ids[1:] and logs(blobs) == [0, 2, 3]
    expect(delete("-b", ids[1]), 1)  # that one is tried again
    scripted_azure.rules.clear()
    scripted_azure.batch_refusals.clear()
    expect(delete("-b", ids[1]), 0)


def test_an_archive_that_stays_keeps_backup_info_and_wal(scripted_azure, stored, delete):
    ids, blobs = stored
    scripted_azure.inject_at("BlobBatch", azure_errors.refuse(501, "NotImplemented"))
    scripted_azure.inject(azure_errors.permission_mismatch(), method="DELETE", path=f"{ids[0]}/data.tar", times=1)
    done = expect(delete("-r", "REDUNDANCY 1"), 1)
    assert f"{ids[0]}/data.tar" in done.stderr and "Storage Blob Data Contributor" in done.stderr
    assert infos(blobs) == [ids[0], ids[2]] and logs(blobs) == [0, 1, 2, 3]
    expect(delete("-r", "REDUNDANCY 1"), 0)
    assert infos(blobs) == ids[2:] and logs(blobs) == [3]


@pytest.mark.parametrize("fault", [azure_errors.internal_error(), faults.cut_response(5),
                                   azure_errors.permission_mismatch()],
                         ids=["500", "cut", "403"])
@pytest.mark.parametrize("nth", [1, 3])
def test_a_page_of_the_catalogue_that_fails_deletes_nothing(scripted_azure, stored, delete, fault, nth):
    ids, blobs = stored
    before = set(blobs)
    scripted_azure.page_size = 2
    scripted_azure.inject(fault, method="GET", path="comp=list.*prefix=main%2Fbase", nth=nth)
    error_line(expect(delete("-r", "REDUNDANCY 1"), 4), "List Blobs")
    assert set(blobs) == before


@pytest.mark.parametrize("nth", [1, 2])
def test_a_page_of_the_wal_that_fails_once_or_to_the_end(scripted_azure, stored, delete, nth):
    ids, blobs = stored
    scripted_azure.page_size = 3
    failing = {"fault": azure_errors.internal_error(), "method": "GET", "path": "comp=list.*prefix=main%2Fwals",
               "nth": nth}
    scripted_azure.inject(**failing, times=1)
    expect(delete("-b", ids[0]), 0)
    scripted_azure.rules.clear()
    scripted_azure.inject(**failing)
    error_line(expect(delete("-b", ids[1]), 1), "Could not list all WAL")
    assert infos(blobs) == ids[2:] and 2 in logs(blobs) and 3 in logs(blobs)


@pytest.mark.parametrize("fault", ["before", "after"])
def test_killed_at_any_deletion_and_repeated(run, azure, azure_proxy, azure_container, fault):
    """SIGKILL when the nth deletion arrives at Azurite (before or after it was done), then once more without."""
    run = run.with_env(**azure.environment("key"))
    ids, objects = three_backups(archives=("data.tar", "data_0001.tar"))
    for nth in (1, 2, 3):  # archives, backup.info, WAL
        for name, text in objects.items():
            azure.put(azure_container, name, text.encode())
        process = None

        def kill(exchange):
            if fault == "after":
                exchange.answer()
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=30)
            exchange.close(reset=True)
        azure_proxy.rules.clear()
        azure_proxy.inject(kill, method="POST|DELETE", nth=nth, times=1)
        line = [*PROVIDER, "-r", "REDUNDANCY 1", f"{azure_proxy.endpoint}/{azure.account}/{azure_container}", "main"]
        process = subprocess.Popen([run.path("backup-delete"), *line], env=run.environment,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        left = azure.names(azure_container)
        assert ids[2] in infos(left) and 3 in logs(left)
        for log, backup_id in enumerate(ids, 1):  # whose archives are still there has its backup.info and WAL
            if f"main/base/{backup_id}/data.tar" in left:
                assert backup_id in infos(left) and log in logs(left)
        expect(run("backup-delete", *line), 0)
        left = azure.names(azure_container)
        assert infos(left) == ids[2:] and logs(left) == [3]
