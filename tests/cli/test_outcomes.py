"""Exit statuses and messages of the commands, on directories and on endpoints that do not answer."""
import re
import socket
import stat
import subprocess

import pytest

from conftest import segment_bytes

W = "000000010000000000000001"
LINE = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\d+\] "
CONTENT = segment_bytes(size=1 << 20)


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "archive").mkdir()
    return f"file://{tmp_path}/archive"


@pytest.fixture
def segment(tmp_path):
    path = tmp_path / W
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def refused(run):
    """A command whose endpoint refuses connections, with one attempt."""
    command = run.with_env(AWS_ACCESS_KEY_ID="key", AWS_SECRET_ACCESS_KEY="secret", AWS_DEFAULT_REGION="us-east-1",
                           AWS_MAX_ATTEMPTS="1", AWS_EC2_METADATA_DISABLED="true")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield command.with_env(AWS_ENDPOINT_URL=f"http://127.0.0.1:{taken.getsockname()[1]}")


def error_line(text):
    return rf"{LINE}ERROR: {re.escape(text)}\n"


@pytest.mark.parametrize("options, suffix", [([], ""), (["-z"], ".gz"), (["-j"], ".bz2"), (["--xz"], ".xz"),
                                             (["--zstd"], ".zst"), (["--lz4"], ".lz4"), (["--snappy"], ".snappy")])
def test_a_segment_goes_to_a_directory_and_back(run, archive, segment, tmp_path, options, suffix):
    done = run("wal-archive", *options, archive, "main", segment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / f"archive/main/wals/0000000100000000/{W}{suffix}").is_file()
    assert run("wal-archive", *options, archive, "main", segment).returncode == 0
    target = tmp_path / "RECOVERYXLOG"
    done = run("wal-restore", archive, "main", W, target)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert target.read_bytes() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("level", ["low", "MEDIUM", "high", "", "-5", "1", "99", "1000000"])
@pytest.mark.parametrize("compression", [[], ["--gzip"], ["--zstd"], ["--lz4"], ["--snappy"]])
def test_compression_levels(run, archive, segment, compression, level):
    done = run("wal-archive", *compression, "--compression-level", level, archive, "main", segment)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_content_is_refused(run, archive, segment):
    assert run("wal-archive", archive, "main", segment).returncode == 0
    segment.write_bytes(segment_bytes(seed=2, size=1 << 20))
    done = run("wal-archive", archive, "main", segment)
    assert done.returncode == 1
    assert re.match(rf"{LINE}ERROR: Barman cloud WAL archiver exception: ", done.stderr)


def test_all_streams_closed(run, archive, segment, tmp_path):
    script = 'exec "$0" "$@" <&- >&- 2>&-'
    for command in (["wal-archive", "-vv", archive, "main", segment],
                    ["wal-restore", "-vv", archive, "main", W, tmp_path / "out"]):
        done = subprocess.run(["sh", "-c", script, run.path(command[0]), *map(str, command[1:])], env=run.environment,
                              timeout=60)
        assert done.returncode == 0
    assert (tmp_path / f"archive/main/wals/0000000100000000/{W}").read_bytes() == CONTENT
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_not_found_is_silent_unless_asked(run, archive, tmp_path):
    done = run("wal-restore", archive, "main", W, tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    done = run("wal-restore", "-v", archive, "main", W, tmp_path / "out")
    assert done.returncode == 1
    assert re.search(rf"{LINE}INFO: WAL file {W} for server main does not exist\n", done.stderr)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["foo", W + "\n", W[:-1], W + ".gz", W.replace("1", "g"), "", "00000001.histor"])
def test_bad_names_are_refused_before_anything_else(run, tmp_path, name):
    for command in (["wal-archive", "no-url", "main", f"{tmp_path}/{name}"],
                    ["wal-restore", "no-url", "main", name, tmp_path / "out"]):
        done = run(*command)
        assert done.returncode == 3
        path = command[3] if command[0] == "wal-restore" else f"{tmp_path}/{name}"
        assert re.fullmatch(error_line(f"{path} is an invalid name for a WAL file"), done.stderr)


@pytest.mark.parametrize("url", ["no-url", "s3://", "s3:///path", "ftp://b/p", "http://b/p"])
def test_bad_urls(run, segment, tmp_path, url):
    for command, prefix in ((["wal-archive", url, "main", segment], "WAL archiver exception"),
                            (["wal-restore", url, "main", W, tmp_path / "out"], "WAL restore exception"),
                            (["check-wal-archive", url, "main"], "WAL archive check exception")):
        done = run(*command)
        assert done.returncode == 4
        assert re.fullmatch(rf"{LINE}ERROR: Barman cloud {prefix}: Invalid s3 URL address: {re.escape(url)} .*\n",
                            done.stderr)


def test_the_provider_that_is_given_rules(run, archive, segment):
    done = run("wal-archive", "--cloud-provider", "aws-s3", archive, "main", segment)
    assert done.returncode == 4 and f"Invalid s3 URL address: {archive}" in done.stderr
    assert run("wal-archive", "--cloud-provider", "file", archive, "main", segment).returncode == 0


def test_a_server_name_may_not_leave_the_path(run, archive, segment):
    assert run("wal-archive", archive, "/main", segment).returncode == 3


def test_unreadable_files_end_with_4(run, archive, tmp_path):
    done = run("wal-archive", archive, "main", tmp_path / W)
    assert done.returncode == 4
    assert re.match(rf"{LINE}ERROR: Barman cloud WAL archiver exception: .*{W}.*No such file", done.stderr)


def test_verbosity(run, segment):
    arguments = ["no-url", "main", segment]
    assert "ERROR" in run("wal-archive", *arguments).stderr
    assert "ERROR" in run("wal-archive", "-q", *arguments).stderr
    for quiet in ("-qq", "-qqq", "-qqqqqqqq"):
        done = run("wal-archive", quiet, *arguments)
        assert (done.returncode, done.stderr) == (4, "")


ARCHIVE_SCRIPT = {"BARMAN_HOOK": "archive_script", "BARMAN_PHASE": "pre"}
PREFIX = "Barman cloud WAL archiver exception: "


@pytest.mark.parametrize("hook", ["archive_script", "archive_retry_script"])
def test_hook_mode_archives_barman_file(run, archive, segment, tmp_path, hook):
    command = run.with_env(BARMAN_HOOK=hook, BARMAN_PHASE="pre", BARMAN_FILE=segment)
    assert command("wal-archive", archive, "main").returncode == 0
    assert command("wal-archive", archive, "main", "an-ignored-argument").returncode == 0
    assert (tmp_path / f"archive/main/wals/0000000100000000/{W}").is_file()


@pytest.mark.parametrize("environment, text", [
    ({}, "the following arguments are required: wal_path"),
    ({"BARMAN_HOOK": "archive_script"}, "the following arguments are required: wal_path"),
    ({"BARMAN_PHASE": "pre", "BARMAN_FILE": W}, "the following arguments are required: wal_path"),
    (ARCHIVE_SCRIPT, "Expected environment variable BARMAN_FILE not set"),
    ({**ARCHIVE_SCRIPT, "BARMAN_PHASE": "post"},
     "barman-cloud-wal-archive called as unsupported hook script: post_archive_script"),
    ({**ARCHIVE_SCRIPT, "BARMAN_HOOK": "backup_script"},
     "barman-cloud-wal-archive called as unsupported hook script: pre_backup_script"),
])
def test_no_file_to_archive_is_one_line_and_1(run, archive, environment, text):
    done = run.with_env(**environment)("wal-archive", archive, "main")
    assert done.returncode == 1
    assert re.fullmatch(error_line(PREFIX + text), done.stderr)


def test_half_a_hook_is_no_hook(run, archive, segment, tmp_path):
    command = run.with_env(BARMAN_HOOK="backup_script", BARMAN_FILE=tmp_path / "foo")
    assert command("wal-archive", archive, "main", segment).returncode == 0


def test_connection_test(run, archive, segment, tmp_path):
    for command in (["wal-archive", "-t", archive, "main", segment],
                    ["wal-restore", "-t", archive, "main", W, tmp_path / "out"],
                    ["check-wal-archive", "-t", archive, "main"]):
        done = run(*command)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((tmp_path / "archive").iterdir()) == []


def test_connection_test_of_what_is_missing(run, segment, tmp_path):
    missing = f"{tmp_path}/missing"
    for command in (["wal-archive", "-t", f"file://{missing}", "main", segment],
                    ["wal-restore", "-t", f"file://{missing}", "main", W, tmp_path / "out"]):
        done = run(*command)
        assert done.returncode == 1
        assert re.fullmatch(error_line(f"Directory {missing} does not exist"), done.stderr)
    assert run("check-wal-archive", "-t", f"file://{missing}", "main").returncode == 0
    assert not (tmp_path / "missing").exists()


def test_connection_test_checks_the_name_first(run, archive, tmp_path):
    assert run("wal-archive", "-t", archive, "main", "foo").returncode == 3
    assert run("wal-restore", "-t", archive, "main", "foo", tmp_path / "out").returncode == 3


def test_network_failures(refused, segment, tmp_path):
    archive = ["wal-archive", "s3://b", "main", segment]
    restore = ["wal-restore", "s3://b", "main", W, tmp_path / "out"]
    check = ["check-wal-archive", "s3://b", "main"]
    assert [refused(*command).returncode for command in (archive, restore, check)] == [4, 2, 2]
    assert [refused(*command, "-t").returncode for command in (archive, restore, check)] == [2, 2, 2]


def test_check_of_an_archive(run, archive, segment, tmp_path):
    done = run("check-wal-archive", archive, "main")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert run("wal-archive", archive, "main", segment).returncode == 0
    done = run("check-wal-archive", archive, "main")
    assert done.returncode == 1
    assert re.fullmatch(error_line("WAL archive check failed for server main: Expected empty archive"), done.stderr)
    assert run("check-wal-archive", archive, "other").returncode == 0
    assert run("check-wal-archive", "--timeline", "2", archive, "main").returncode == 0
    done = run("check-wal-archive", "--timeline", "1", archive, "main")
    assert done.returncode == 1
    assert re.match(rf"{LINE}ERROR: WAL archive check failed for server main: Found 1 file", done.stderr)


def test_check_creates_what_is_missing(run, tmp_path):
    assert run("check-wal-archive", f"file://{tmp_path}/new", "main").returncode == 0
    assert (tmp_path / "new").is_dir()


def test_key_id_needs_its_encryption(refused, segment):
    for options in (["--sse-kms-key-id", "id"], ["-e", "AES256", "--sse-kms-key-id", "id"]):
        assert refused("wal-archive", *options, "s3://b", "main", segment).returncode == 4


def test_values_that_look_like_lists_are_taken_as_they_are(run, archive, segment, tmp_path):
    assert run("wal-archive", archive, "[x]", segment).returncode == 0
    assert (tmp_path / "archive/[x]/wals").is_dir()
