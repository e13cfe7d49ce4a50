"""How many requests a segment costs: one, once the archive is known, on stores that create only; and several segments
at once, which cost nothing when their turn comes.
"""
import gzip
import threading

import pytest

from support.azure_fixtures import azure_proxy  # noqa: F401
from support.azure_site import AzureSite
from support.http_server import Request
from support.proxy import ForwardProxy
from support.scripted_objects import StoredObject
from support.scripted_services import AlibabaOss, CloudflareR2
from support.segments import segment_bytes
from support.site import Site, error_line, expect, lines, wal_key

MIB = 1 << 20
LOOK_AND_PUT = ["GET", "PUT"]


def name(number, timeline=1):
    return f"{timeline:08X}00000000{number:08X}"


@pytest.fixture(scope="session")
def template():
    return segment_bytes(seed=5, size=MIB)


@pytest.fixture
def whole(template):
    """whole(number) -> a whole segment of 1 MiB; its bytes depend on the number."""
    return lambda number: template[:-4] + number.to_bytes(4, "little")


class Server:
    """Archives whole segments, one after another, and tells what each cost."""

    def __init__(self, site, whole, requests, options=()):
        self.site, self.whole, self.requests = site, whole, requests
        self.options = [*options, "--spool-dir", site.folder / "spool"]
        self.pg_wal = site.folder / "pg_wal"

    def segment(self, number, timeline=1):
        return self.site.segment(self.whole(number), name(number, timeline))

    def ready(self, *numbers):
        for number in numbers:
            path = self.segment(number)
            (self.pg_wal / "archive_status").mkdir(exist_ok=True)
            (self.pg_wal / "archive_status" / f"{path.name}.ready").touch()

    def turn_of(self, number, *options, status=0):
        """The methods of the requests that it takes."""
        before = len(self.requests)
        self.result = expect(self.site.archive(self.pg_wal / name(number), *self.options, *options), status)
        return [request.method for request in self.requests[before:]]

    def cost(self, number, timeline=1):
        self.segment(number, timeline)
        before = len(self.requests)
        expect(self.site.archive(self.pg_wal / name(number, timeline), *self.options), 0)
        return [request.method for request in self.requests[before:]]


@pytest.fixture
def server(site_on, scripted, whole):
    return lambda *options: Server(site_on(scripted), whole, scripted.requests, options)


# -- one PUT -------------------------------------------------------------------------------------

@pytest.mark.parametrize("codec", [[], ["--gzip"]])
@pytest.mark.parametrize("conditional, first, steady", [
    ("honoured", ["GET", "PUT", "PUT"], ["PUT"]),          # a look, the segment, and the test
    ("ignored", ["GET", "PUT", "PUT"], LOOK_AND_PUT),      # found out once
    ("refused", ["GET", "PUT", "PUT"], ["GET", "PUT", "PUT"])])  # with the condition, and then without it
def test_a_service_of_which_nothing_is_known(server, scripted, codec, conditional, first, steady):
    scripted.conditional = conditional
    archiver = server(*codec)
    assert archiver.cost(1) == first
    for number in (2, 3):
        assert archiver.cost(number) == steady
    other = archiver.site.segment(archiver.whole(99), name(3))
    error_line(expect(archiver.site.archive(other, *archiver.options), 1), name(3))
    unpack = gzip.decompress if codec else bytes
    assert [unpack(found.body) for _, found in sorted(scripted.buckets["wals"].items())] == [
        archiver.whole(number) for number in (1, 2, 3)]


@pytest.mark.parametrize("kind, steady", [(CloudflareR2, ["PUT"]), (AlibabaOss, LOOK_AND_PUT)],
                         ids=lambda value: getattr(value, "__name__", ""))
def test_services_that_are_known(authority, scripted_run, whole, tmp_path, kind, steady):
    with ForwardProxy() as forward, kind(authority) as store:
        forward.route.update(store.routes("wals"))
        store.buckets["wals"] = {}
        site = Site(scripted_run.with_env(HTTPS_PROXY=forward.endpoint), store.endpoint, "wals", tmp_path)
        archiver = Server(site, whole, store.requests)
        assert archiver.cost(1) == LOOK_AND_PUT
        assert archiver.cost(2) == archiver.cost(3) == steady
    assert store.problems == []


@pytest.mark.parametrize("codec", [[], ["--gzip"]])
def test_azure(run, azure, azure_proxy, azure_container, whole, tmp_path, codec):  # noqa: F811
    keyed = run.with_env(**azure.environment("key"))
    site = AzureSite(keyed, f"{azure_proxy.endpoint}/{azure.account}", azure_container, tmp_path)
    archiver = Server(site, whole, azure_proxy.requests, codec)
    assert archiver.cost(1) == LOOK_AND_PUT
    assert archiver.cost(2) == archiver.cost(3) == ["PUT"]
    error_line(expect(site.archive(site.segment(whole(99), name(3)), *archiver.options), 1), name(3))


@pytest.mark.parametrize("codec", [[], ["--gzip"]])
def test_google(gcs_site, gcs_proxy, whole, codec):
    archiver = Server(gcs_site, whole, gcs_proxy.requests, codec)
    first = archiver.cost(1)
    assert first[-2:] == ["GET", "POST"]
    token = first[:-2]  # where there is one to be fetched
    assert archiver.cost(2) == archiver.cost(3) == [*token, "POST"]
    error_line(expect(gcs_site.archive(gcs_site.segment(whole(99), name(3)), *archiver.options), 1), name(3))


def test_what_another_form_holds_is_seen_when_the_settings_change(server, scripted):
    archiver = server()
    for number in (1, 2):
        archiver.cost(number)
    before = set(scripted.buckets["wals"])
    expect(archiver.site.archive(archiver.pg_wal / name(2), "--gzip", *archiver.options), 0)
    assert set(scripted.buckets["wals"]) == before
    other = archiver.site.segment(archiver.whole(99), name(2))
    error_line(expect(archiver.site.archive(other, "--zstd", *archiver.options), 1), name(2))


@pytest.mark.parametrize("change", [
    {"AWS_ENDPOINT_URL": "http://localhost:{port}"}, {"AWS_ACCESS_KEY_ID": "ANOTHER"}, {"AWS_PROFILE": "other"}])
def test_settings_that_lead_elsewhere_make_everything_unknown(site_on, scripted, whole, change, tmp_path):
    """The endpoint comes from the environment: no word of the command line changes."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[profile other]\nregion = us-east-1\n")
    site = site_on(scripted).with_env(AWS_ENDPOINT_URL=scripted.endpoint)
    site.endpoint = None
    archiver = Server(site, whole, scripted.requests)
    archiver.cost(1)
    assert archiver.cost(2) == ["PUT"]
    archiver.site = site.with_env(**{key: value.format(port=scripted.port) for key, value in change.items()})
    scripted.access_key = change.get("AWS_ACCESS_KEY_ID", scripted.access_key)
    assert archiver.cost(3)[0] == "GET"


def test_a_server_that_cannot_write_the_folder_archives_as_ever(site_on, scripted, whole):
    archiver = Server(site_on(scripted), whole, scripted.requests)
    archiver.options = ["--spool-dir", "/proc/nowhere", "--parallel", "4", "-v"]
    archiver.ready(1, 2)
    assert archiver.turn_of(1) == LOOK_AND_PUT
    assert "cannot use spool folder /proc/nowhere" in lines(archiver.result, "INFO")[0]
    assert archiver.turn_of(2) == LOOK_AND_PUT


# -- several at once -----------------------------------------------------------------------------

@pytest.fixture
def together(scripted):
    """together(n): the next n uploads are answered when all of them are there, and none alone."""
    def go(count):
        barrier = threading.Barrier(count, timeout=30)

        def meet(exchange):
            exchange.read_body()
            barrier.wait()
            exchange.send(exchange.answer())
        scripted.inject(meet, method="PUT", times=count)
    return go


@pytest.mark.parametrize("codec", [[], ["--gzip"]])
def test_the_next_ready_segments_travel_at_once_and_cost_nothing_afterwards(server, scripted, together, codec):
    archiver = server("--parallel", "4", *codec)
    archiver.cost(1)
    archiver.ready(*range(2, 8))
    together(4)
    connections = scripted.connections
    assert archiver.turn_of(2) == ["PUT"] * 4
    assert scripted.connections - connections == 4
    assert [archiver.turn_of(number) for number in (3, 4, 5)] == [[], [], []]
    assert archiver.turn_of(6) == ["PUT"] * 2
    assert archiver.turn_of(7) == []
    unpack = gzip.decompress if codec else bytes
    for number in range(1, 8):
        stored = scripted.buckets["wals"][wal_key(name(number), ".gz" if codec else "")]
        assert unpack(stored.body) == archiver.whole(number)
    left = [path.name for path in (archiver.site.folder / "spool").glob("*/*")]
    assert left == ["context"]


def test_the_environment_asks_for_it_and_the_option_wins(server, scripted):
    archiver = server()
    archiver.site = archiver.site.with_env(TAPSTER_WAL_ARCHIVE_PARALLEL="3\n")
    archiver.ready(*range(1, 7))
    archiver.turn_of(1)
    assert len(scripted.buckets["wals"]) == 3
    archiver.turn_of(4, "--parallel", "0")
    assert len(scripted.buckets["wals"]) == 4


def test_an_answer_from_the_record_needs_neither_store_nor_libraries(server, scripted):
    archiver = server("--parallel", "2")
    archiver.ready(1, 2)
    archiver.turn_of(1)
    loaded = archiver.site.with_env(LD_DEBUG="files")
    found = expect(loaded.archive(archiver.pg_wal / name(2), *archiver.options, "-v"), 0)
    assert "was stored ahead of its turn as s3://wals/" in found.stderr
    assert "libcurl" not in found.stderr and "libcrypto" not in found.stderr
    # The same, asked once more: the record is gone, and the store says so.
    found = expect(loaded.archive(archiver.pg_wal / name(2), *archiver.options), 0)
    assert "libcurl" in found.stderr


def test_a_relative_path_as_postgresql_gives_it(server, scripted):
    archiver = server("--parallel", "3")
    archiver.ready(1, 2, 3)
    expect(archiver.site.archive(f"pg_wal/{name(1)}", *archiver.options, cwd=archiver.site.folder), 0)
    assert len(scripted.buckets["wals"]) == 3
    expect(archiver.site.archive(name(2), *archiver.options, cwd=archiver.pg_wal), 0)


def test_a_later_segment_that_is_stored_differently_waits_for_its_turn(server, scripted):
    archiver = server("--parallel", "4")
    theirs = StoredObject(archiver.whole(99), Request("PUT", "", []))
    scripted.buckets["wals"][wal_key(name(2))] = theirs
    archiver.ready(1, 2, 3)
    archiver.turn_of(1)
    assert scripted.buckets["wals"][wal_key(name(2))] is theirs
    assert wal_key(name(3)) in scripted.buckets["wals"]
    archiver.turn_of(2, status=1)
    error_line(archiver.result, name(2))


def test_a_segment_that_is_rewritten_after_it_was_stored_is_refused(server, scripted):
    archiver = server("--parallel", "4")
    archiver.ready(1, 2)
    archiver.turn_of(1)
    archiver.site.segment(archiver.whole(99), name(2))
    archiver.turn_of(2, status=1)
    error_line(archiver.result, name(2))


def test_barman_s_hook_and_files_elsewhere_go_alone(server, scripted):
    archiver = server("--parallel", "4")
    archiver.ready(2, 3)
    elsewhere = archiver.site.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / name(1)).write_bytes(archiver.whole(1))
    hook = archiver.site.with_env(BARMAN_HOOK="archive_retry_script", BARMAN_PHASE="pre", BARMAN_FILE=elsewhere / name(1))
    arguments = hook._arguments(archiver.options)
    expect(hook.run("wal-archive", *arguments), 0)
    assert list(scripted.buckets["wals"]) == [wal_key(name(1))]


def test_hundreds_of_ready_segments(server, scripted):
    """The first ones go along, whatever order the directory has."""
    archiver = server("--parallel", "3")
    archiver.ready(1, 2, 3)
    for number in range(250, 3, -1):
        (archiver.pg_wal / "archive_status" / f"{name(number)}.ready").touch()
    archiver.turn_of(1)
    assert set(scripted.buckets["wals"]) == {wal_key(name(number)) for number in (1, 2, 3)}
