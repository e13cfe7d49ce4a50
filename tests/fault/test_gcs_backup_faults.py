"""Base backups to the fake of Google Cloud Storage while the network and the service fail.

After whatever happened: the exit status is the documented one, the catalogue can be read, what is DONE in it can be
restored, and no upload is left unfinished, neither one in parts nor a resumable one.
"""
import re
import shutil
import threading
import time

import pytest

from support import faults
from support.backups import Place, accepted_by_postgresql, succeeds
from support.gcs import REQUEST_ID, refuse, trouble
from support.gcs_server import refusals
from support.http_server import Request, Response
from support.proxy import FaultProxy
from support.site import lines

NOW = [("Retry-After", "0")]
GRANULE = 256 << 10  # chunks that are not the last are multiples of it
CREATE, PART = ("POST", r"data\.tar\?uploads"), ("PUT", r"data\.tar\?partNumber=2&")
COMPLETE, ABORT = ("POST", r"data\.tar\?uploadId="), ("DELETE", r"data\.tar\?uploadId=")
INFO = ("POST", r"uploadType=multipart.*backup\.info")
# (method, regex on the target), and which of them; the first creation is the proof that the bucket can be written to.
STEPS = {"the proof": (CREATE, 1), "the end of the proof": (ABORT, 1), "the creation of an upload": (CREATE, 2),
         "the first part": (("PUT", r"data\.tar\?partNumber=1&"), 1), "a part in the middle": (PART, 1), "the completion": (COMPLETE, 1),
         "the archive of a tablespace": (("PUT", r"/\d+\.tar\?"), 1), "the manifest": (("PUT", "backup_manifest"), 1),
         "backup.info": (INFO, 1)}
ONCE = {"reset": faults.reset_after_request(), "the request cut": faults.cut_request(5), "the answer lost": faults.lose_answer(),
        "500": trouble(500, "xml"), "503 with Retry-After": trouble(503, "xml", headers=NOW), "401": trouble(401, "xml")}


def failed(done, statuses, *mentioned):
    assert done.returncode in statuses, f"exit {done.returncode}, wanted {statuses}: {done.stderr}"
    text = "\n".join(lines(done, "ERROR"))
    assert text and "Traceback" not in done.stderr and "upload_id" not in done.stderr, done.stderr
    missing = [word for word in mentioned if str(word).lower() not in text.lower()]
    assert not missing, f"{missing} not in: {done.stderr}"


# -- backups ----------------------------------------------------------------------------------------------------------


class Scene:
    def __init__(self, source, proxy, client, bucket):
        self.source, self.proxy, self.client, self.bucket = source, proxy, client, bucket
        self.place = Place(f"gs://{bucket}/some/folder")

    def inject(self, step, fault, **when):
        (method, path), nth = STEPS[step]
        self.proxy.inject(fault, method=method, path=path, nth=nth, **when)

    def attempt(self, *options):
        return self.source.ours.backup(self.place, self.source.cluster, *options, STORAGE_EMULATOR_HOST=self.proxy.endpoint)

    def holds(self, status, unfinished=0):
        """What must be true after every case; `status` of the one backup in the catalogue, None: there is none."""
        found = self.source.ours.backups(self.place)
        assert [backup["status"] for backup in found] == ([status] if status else []), found
        assert len(self.client.unfinished(self.bucket)) == unfinished
        if status == "FAILED":
            assert found[0]["error"]
        if status == "DONE":
            target = self.source.host.folder / "proof"
            succeeds(self.source.ours.restore(self.place, found[0]["backup_id"], target, "--tablespace",
                                              f"space:{target}_space"))
            accepted_by_postgresql(self.source.host, target)
            for path in self.source.host.folder.glob("proof*"):
                shutil.rmtree(path)


@pytest.fixture
def archived(gcs_source, gcs_bucket):
    """The cluster archives there: a backup waits for its WAL."""
    gcs_source.host.archive_to(Place(f"gs://{gcs_bucket}/some/folder"))
    yield gcs_bucket
    gcs_source.host.archive_nowhere()


@pytest.fixture
def scene(gcs_source, gcs_proxy, gcs, archived):
    return Scene(gcs_source, gcs_proxy, gcs, archived)


@pytest.mark.parametrize("fault", ONCE)
def test_a_fault_that_happens_once_at_every_step_is_survived(scene, fault):
    for step in STEPS:
        scene.inject(step, ONCE[fault], times=1)
    succeeds(scene.attempt())
    assert all(rule.seen >= rule.nth for rule in scene.proxy.rules), "not every fault was met"
    scene.holds("DONE")


@pytest.mark.parametrize("step", [step for step in STEPS if step != "the end of the proof"])
def test_a_fault_that_stays_ends_the_backup(scene, step):
    refused, form = step in ("a part in the middle", "the completion"), "json" if step == "backup.info" else "xml"
    scene.inject(step, trouble(403 if refused else 503, form))
    failed(scene.attempt(), (1,), REQUEST_ID, *(["AccessDenied", "HTTP 403", "grant the permission"] if refused else
                                                ["backendError" if form == "json" else "ServiceUnavailable", "HTTP 503"]))
    # Without its last object there is nothing in the catalogue, neither done nor failed.
    scene.holds(None if step == "backup.info" else "FAILED")


def says_nothing(exchange):
    """200, and not a word of what became of the object, which is not there."""
    exchange.read_body()
    exchange.send(Response(200))


def says_error(exchange):
    exchange.read_body()
    exchange.send(Response(200, [], refusals.trouble(500).response("xml").body))


NO_UPLOAD = refusals.Refusal(404, "notFound", "The requested upload was not found.", code="NoSuchUpload")
COMPLETIONS = {"200 with an error": (says_error, ["InternalError"]), "200 with nothing": (says_nothing, ["data.tar"]),
               "404 of the upload": (refuse(NO_UPLOAD, "xml"), ["NoSuchUpload"]),
               "404 of the bucket": (refuse(refusals.no_such_bucket(), "xml"), ["NoSuchBucket"]),
               "reset": (faults.reset_after_request(), ["data.tar"])}


@pytest.mark.parametrize("fault", COMPLETIONS)
def test_no_completion_is_believed_that_did_not_happen(scene, fault):
    made, mentioned = COMPLETIONS[fault]
    scene.inject("the completion", made)
    failed(scene.attempt(), (1,), *mentioned)
    scene.holds("FAILED")


def test_a_completion_whose_answer_is_lost_or_an_error_is_found_out(scene):
    """Once lost: the repetition does not find the upload, and then looks at the object."""
    scene.inject("the completion", faults.lose_answer(), times=1)
    scene.proxy.inject(says_error, method=COMPLETE[0], path=r"/\d+\.tar\?uploadId=", times=1)
    scene.proxy.inject(faults.change_response(lambda answer: Response(200, [], answer.body)), method=COMPLETE[0],
                       path=r"backup_manifest\?uploadId=", times=1)
    succeeds(scene.attempt())
    scene.holds("DONE")


def damage(exchange):
    """One byte of the request is another one when it arrives."""
    exchange.read_body()
    body = bytearray(exchange.request.raw_body)
    body[len(body) // 2] ^= 0x40
    exchange.request.raw_body = bytes(body)
    exchange.send(exchange.answer())


@pytest.mark.parametrize("times, status", [(1, "DONE"), (99, "FAILED")])
def test_a_part_that_is_damaged_on_its_way_is_sent_again(scene, times, status):
    scene.inject("a part in the middle", damage, times=times)
    done = scene.attempt()
    if status == "DONE":
        succeeds(done)
    else:
        failed(done, (1,), "BadDigest", "crc32c", "changes the data", "data.tar")
    scene.holds(status)


def test_a_part_without_an_etag_is_not_believed(scene):
    scene.inject("a part in the middle", faults.change_response(lambda answer: answer.with_header("ETag", None)))
    failed(scene.attempt(), (1,), "no ETag")
    scene.holds("FAILED")


def test_an_upload_that_cannot_be_aborted_is_named(scene):
    scene.inject("a part in the middle", trouble(403, "xml"))
    scene.proxy.inject(trouble(403, "xml"), method=ABORT[0], path=ABORT[1])
    done = scene.attempt()
    failed(done, (1,), "AccessDenied")
    assert re.search(r"unfinished upload \S+ of gs://\S+/data\.tar could not be aborted", done.stderr), done.stderr
    scene.holds("FAILED", unfinished=2)  # that of the proof as well


def test_a_stall_once_is_survived_and_one_that_stays_ends_the_backup_in_time(scene):
    scene.inject("a part in the middle", faults.stall(60))
    began = time.monotonic()
    failed(scene.attempt("--read-timeout", "1"), (1,), "time")
    assert time.monotonic() - began < 20
    scene.holds("FAILED")


def test_a_bucket_that_is_not_there_is_found_out_at_once(scene):
    missing = Place("gs://no-such-bucket-at-all/x")
    before = scene.source.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()")
    failed(scene.source.ours.backup(missing, scene.source.cluster), (1,), "no-such-bucket-at-all",
           "the bucket does not exist")
    assert scene.source.cluster.sql("select checkpoint_lsn from pg_control_checkpoint()") == before


# -- resumable uploads, where there are none in parts -----------------------------------------------------------------

BEGIN, CHUNK = ("POST", r"uploadType=resumable&name=.*data\.tar"), ("PUT", r"data\.tar.*upload_id=")


@pytest.fixture
def resumable(gcs_source, gcs_settings, gcs, archived):
    with FaultProxy(gcs_settings["GCS_NO_XML_ENDPOINT"]) as proxy:
        yield Scene(gcs_source, proxy, gcs, archived)
    assert not proxy.problems, "\n".join(proxy.problems)


def ranges(proxy):
    """(first, last) of the chunks of data.tar in the order in which they were begun; questions are left out."""
    found = [re.match(r"bytes (\d+)-(\d+)/", request.header("content-range", "")) for request in proxy.seen(*CHUNK)]
    return [(int(match[1]), int(match[2])) for match in found if match]


# libcurl repeats by itself when a kept connection dies before an answer: those come twice.
RESUMED = {"reset": (faults.reset(), 2), "reset after the request": (faults.reset_after_request(), 2),
           "the answer lost": (faults.lose_answer(), 2), "500": (trouble(500), 1), "503": (trouble(503, headers=NOW), 1),
           "408": (trouble(408), 1)}


@pytest.mark.parametrize("fault", RESUMED)
def test_a_chunk_that_fails_once_goes_on_where_the_store_is(resumable, fault):
    made, times = RESUMED[fault]
    resumable.proxy.inject(trouble(503, headers=NOW), method=BEGIN[0], path=BEGIN[1], nth=2, times=1)
    resumable.proxy.inject(made, method=CHUNK[0], path=CHUNK[1], nth=2, times=times)
    succeeds(resumable.attempt())
    assert [request for request in resumable.proxy.seen(*CHUNK) if request.header("content-range") == "bytes */*"]
    resumable.holds("DONE")


def half_of_it(exchange):
    """The store gets and keeps a half of the chunk, and then does not feel well."""
    exchange.read_body()
    request, half = exchange.request, len(exchange.request.raw_body) // 2 // GRANULE * GRANULE
    first = int(re.match(r"bytes (\d+)-", request.header("content-range"))[1])
    shorter = {"content-length": str(half), "content-range": f"bytes {first}-{first + half - 1}/*"}
    exchange.server.answer(Request(request.method, request.target, [
        (name, shorter.get(name.lower(), value)) for name, value in request.headers], raw_body=request.raw_body[:half]))
    trouble(503, headers=NOW)(exchange)


def test_an_upload_that_is_created_while_another_one_fails_is_cancelled(resumable):
    """Its name comes when everything has been interrupted already, and nothing else would ever tell it."""
    created, refused = threading.Event(), threading.Event()

    def create(exchange):
        answer = exchange.answer()
        created.set()
        assert refused.wait(60)
        exchange.wait(1.5)
        exchange.send(answer)

    def refuse_the_chunk(exchange):
        exchange.read_body()
        assert created.wait(60)
        trouble(410)(exchange)
        refused.set()

    resumable.proxy.inject(create, method=BEGIN[0], path=r"uploadType=resumable&name=.*backup_manifest")
    resumable.proxy.inject(refuse_the_chunk, method=CHUNK[0], path=CHUNK[1], nth=2)
    failed(resumable.attempt("--jobs", "16"), (1,), "data.tar", "uploadInvalid")
    assert created.is_set()
    resumable.holds("FAILED")


@pytest.mark.parametrize("how", ["the answer says so", "the question finds out"])
def test_a_chunk_of_which_the_store_keeps_some_goes_on_behind_it(resumable, how):
    path = rf"/b/{resumable.bucket}/o.*data\.tar.*upload_id="
    if how == "the answer says so":
        with resumable.client.fault(path, method="PUT", nth=2, keep=3 * GRANULE):
            succeeds(resumable.attempt())
    else:
        resumable.proxy.inject(half_of_it, method=CHUNK[0], path=CHUNK[1], nth=2, times=1)
        succeeds(resumable.attempt())
    first, last = ranges(resumable.proxy)[1]
    assert first < ranges(resumable.proxy)[2][0] <= last and ranges(resumable.proxy)[2][1] == last
    resumable.holds("DONE")


FOR_EVER = {"503": (trouble(503), "backendError"), "403": (trouble(403), "forbidden"), "410": (trouble(410), "uploadInvalid"),
            "404": (refuse(refusals.no_such_bucket()), "notFound")}


@pytest.mark.parametrize("fault", FOR_EVER)
def test_a_chunk_that_fails_for_ever_ends_the_backup(resumable, fault):
    """Whoever waits for its turn behind the failed part says why that failed, and not only that it did."""
    made, code = FOR_EVER[fault]
    resumable.proxy.inject(made, method=CHUNK[0], path=CHUNK[1], nth=2)
    failed(resumable.attempt(), (1,), "data.tar", code, f"HTTP {fault}")
    resumable.holds("FAILED")


def test_a_resumable_upload_that_cannot_be_begun(resumable):
    resumable.proxy.inject(trouble(403), method=BEGIN[0], path=BEGIN[1])
    failed(resumable.attempt(), (1,), "forbidden", REQUEST_ID, "grant the permission")
    resumable.holds("FAILED")


def test_a_resumable_upload_that_cannot_be_ended(resumable):
    def last(exchange):
        whole = re.fullmatch(r"bytes .*/\d+", exchange.request.header("content-range", ""))
        (trouble(503) if whole else exchange.server.respond)(exchange)
    resumable.proxy.inject(last, method=CHUNK[0], path=CHUNK[1])
    failed(resumable.attempt(), (1,), "backendError", "HTTP 503", "data.tar")
    resumable.holds("FAILED")


def test_the_checksum_of_a_resumable_upload_is_compared_in_the_end(resumable):
    """A byte is changed in a chunk, whose checksum nobody sends: that of the whole finds it."""
    resumable.proxy.inject(damage, method=CHUNK[0], path=CHUNK[1], nth=2, times=1)
    failed(resumable.attempt(), (1,), "crc32c", "data.tar", "changes the data")
    assert not [key for key in resumable.client.keys(resumable.bucket) if key.endswith("data.tar")]
    resumable.holds("FAILED")
