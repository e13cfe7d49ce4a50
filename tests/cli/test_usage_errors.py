"""What is wrong with a command line is said in the original's words, on standard error, with exit status 3."""
import shutil
import subprocess

import pytest

W = "000000010000000000000001"
SIZE = "is not a valid size string"

# Command, arguments, the text after "PROGRAM: error: ".
ERRORS = [
    ("wal-archive", [], "the following arguments are required: destination_url, server_name"),
    ("wal-archive", ["s3://b"], "the following arguments are required: server_name"),
    ("wal-archive", ["s3://b", "--foo"], "the following arguments are required: server_name"),
    ("wal-archive", ["--foo", "--bar=1", "a", "b", "c", "d", "e"], "unrecognized arguments: --foo --bar=1 d e"),
    ("wal-archive", ["a", "b", "c", "d", "--", "e"], "unrecognized arguments: d -- e"),
    ("wal-archive", ["--enc", "a", "b"], "ambiguous option: --enc could match --encryption, --encryption-scope"),
    ("wal-archive", ["--version", "--enc"], "ambiguous option: --enc could match --encryption, --encryption-scope"),
    ("wal-archive", ["--ver"], "ambiguous option: --ver could match --version, --verbose"),
    ("wal-archive", ["-e", "bad", "--version"],
     "argument -e/--encryption: invalid choice: 'bad' (choose from 'AES256', 'aws:kms')"),
    ("wal-archive", ["-e=AES256", "-e", "it's", "a", "b"],
     "argument -e/--encryption: invalid choice: \"it's\" (choose from 'AES256', 'aws:kms')"),
    ("wal-archive", ["-e"], "argument -e/--encryption: expected one argument"),
    ("wal-archive", ["-e", "-x", "a", "b"], "argument -e/--encryption: expected one argument"),
    ("wal-archive", ["-e", "-5", "a", "b"],
     "argument -e/--encryption: invalid choice: '-5' (choose from 'AES256', 'aws:kms')"),
    ("wal-archive", ["-zj", "a", "b", W], "argument -j/--bzip2: not allowed with argument -z/--gzip"),
    ("wal-archive", ["--snap", "--gz", "a", "b", W], "argument -z/--gzip: not allowed with argument --snappy"),
    ("wal-archive", ["-v", "-q", "a", "b", W], "argument -q/--quiet: not allowed with argument -v/--verbose"),
    ("wal-archive", ["-q=1", "a", "b", W], "argument -q/--quiet: ignored explicit argument '1'"),
    ("wal-archive", ["-qz=1", "a", "b", W], "argument -z/--gzip: ignored explicit argument '=1'"),
    ("wal-archive", ["--gzip=", "a", "b", W], "argument -z/--gzip: ignored explicit argument ''"),
    ("wal-archive", ["-zh", "a", "b", W], "argument -z/--gzip: ignored explicit argument 'h'"),
    ("wal-archive", ["--read-timeout", "1.5", "a", "b", W], "argument --read-timeout: invalid int value: '1.5'"),
    ("wal-archive", ["--read-timeout", "a\n", "a", "b", W], "argument --read-timeout: invalid int value: 'a\\n'"),
    ("wal-archive", ["--max-concurrency", "0", "a", "b", W],
     "argument --max-concurrency: '0' is not a valid positive integer"),
    ("wal-archive", ["--max-concurrency", "-1", "a", "b", W],
     "argument --max-concurrency: '-1' is not a valid positive integer"),
    ("wal-archive", ["--max-concurrency", "x", "a", "b", W], "argument --max-concurrency: 'x' is not a valid input"),
    ("wal-archive", ["--max-block-size", "0", "a", "b", W], f"argument --max-block-size: '0' {SIZE}"),
    ("wal-archive", ["--max-block-size", "1k", "a", "b", W], f"argument --max-block-size: '1K' {SIZE}"),
    ("wal-archive", ["--max-single-put-size", "1.5", "a", "b", W], f"argument --max-single-put-size: '1.5' {SIZE}"),
    ("check-wal-archive", ["--timeline", "0", "a", "b"], "argument --timeline: '0' is not a valid positive integer"),
    ("check-wal-archive", ["--timeline", "1.5", "a", "b"], "argument --timeline: '1.5' is not a valid input"),
    ("check-wal-archive", ["-z", "a", "b"], "unrecognized arguments: -z"),
    ("wal-restore", ["a", "b", W], "the following arguments are required: wal_dest"),
    ("wal-restore", ["a", "-e", "AES256"], "the following arguments are required: wal_name, wal_dest"),
]

# The same for what the original of Debian 12 does not have, or has under other names.
NEWER_ERRORS = [
    ("wal-archive", ["--c=x", "a", "b", W],
     "ambiguous option: --c=x could match --cloud-provider, --credential, --compression-level"),
    ("wal-archive", ["--cloud-provider", "ftp", "a", "b", W],
     "argument --cloud-provider: invalid choice: 'ftp' (choose from 'aws-s3', 'azure-blob-storage', "
     "'google-cloud-storage', 'file')"),
    ("wal-archive", ["-P"], "argument -P/--aws-profile: expected one argument"),
    ("wal-archive", ["--zstd", "--lz4", "a", "b", W], "argument --lz4: not allowed with argument --zstd"),
    ("wal-archive", ["--tag", "k,v", "--tags", "a,b", "--", "a", "b", W],
     "argument --tags: not allowed with argument --tag"),
    ("wal-archive", ["--history-tags", "--history-tag", "k,v", "a", "b", W],
     "argument --history-tag: not allowed with argument --history-tags"),
    ("wal-archive", ["--tag", "k,a,b", "a", "b", W], "argument --tag: invalid check_tag value: 'k,a,b'"),
    ("wal-archive", ["--tag", "", "a", "b", W], "argument --tag: invalid check_tag value: ''"),
    ("wal-archive", ["--history-tag", "aws:k,v", "a", "b", W],
     "argument --history-tag: invalid check_tag value: 'aws:k,v'"),
    ("wal-archive", ["--compression-level", "extreme", "a", "b", W],
     "argument --compression-level: invalid parse_compression_level value: 'extreme'"),
    ("wal-archive", ["--compression-level=1.5", "a", "b", W],
     "argument --compression-level: invalid parse_compression_level value: '1.5'"),
    ("wal-archive", ["--parallel", "-1", "a", "b", W], "argument --parallel: '-1' is not a valid non negative integer"),
    ("wal-archive", ["--parallel", "four", "a", "b", W], "argument --parallel: 'four' is not a valid input"),
    ("wal-restore", ["--parallel", "-1", "a", "b", W, "d"],
     "argument -p/--parallel: '-1' is not a valid non negative integer"),
    ("wal-restore", ["-p", "two", "a", "b", W, "d"], "argument -p/--parallel: 'two' is not a valid input"),
    ("wal-restore", ["--addressing-style", "dns", "a", "b", W, "d"],
     "argument --addressing-style: invalid choice: 'dns' (choose from 'auto', 'virtual', 'path')"),
    ("wal-restore", ["--checksum-policy", "never", "a", "b", W, "d"],
     "argument --checksum-policy: invalid choice: 'never' (choose from 'auto', 'when_required', 'when_supported')"),
    ("wal-restore", ["--checksum-algorithm", "md5", "a", "b", W, "d"],
     "argument --checksum-algorithm: invalid choice: 'md5' (choose from 'crc32', 'crc32c', 'crc64nvme', 'sha256')"),
    ("check-wal-archive", ["--connect-timeout", "soon", "a", "b"],
     "argument --connect-timeout: invalid int value: 'soon'"),
]

BAD_TAGS = [
    (["--tags", "k,v", "s3://b", "server", W], "Invalid tag format: s3://b"),
    (["--tags", "novalue", "-z", "s3://b", "server", W], "Invalid tag format: novalue"),
    (["--tags", "k,a,b", "-z", "s3://b", "server", W], "Invalid tag format: k,a,b"),
    (["--tags", "", "-z", "s3://b", "server", W], "Invalid tag format: "),
    (["--history-tags", "k", "-z", "s3://b", "server", W], "Invalid tag format: k"),
]


@pytest.mark.parametrize("name, arguments, text", ERRORS + NEWER_ERRORS)
def test_usage_error(run, name, arguments, text):
    done = run(name, *arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"usage: barman-cloud-{name} [-V] [--help] [-v | -q] [-t]\n")
    assert done.stderr.endswith(f"\nbarman-cloud-{name}: error: {text}\n")


@pytest.mark.parametrize("arguments, line", BAD_TAGS)
def test_bad_tags_are_one_line_without_usage(run, arguments, line):
    done = run("wal-archive", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (3, "", line + "\n")


@pytest.mark.parametrize("value", ["four", "-1", "1.5", "4 segments"])
def test_a_bad_number_in_the_environment_is_one_line(run, value):
    archive = run.with_env(TAPSTER_WAL_ARCHIVE_PARALLEL=value)
    done = archive("wal-archive", "file:///nowhere", "server", W)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert f"TAPSTER_WAL_ARCHIVE_PARALLEL is '{value}': the number of segments to archive at once" in done.stderr
    assert "cannot read WAL file" in archive("wal-archive", "--parallel", "4", "file:///nowhere", "server", W).stderr


def test_quiet_does_not_silence_usage_errors(run):
    assert run("wal-archive", "-qqqq", "a").stderr.endswith("required: server_name\n")


def original(name, *arguments):
    path = shutil.which(f"barman-cloud-{name}", path="/usr/bin")
    assert path, "Debian's barman-cli-cloud is not installed"
    return subprocess.run([path, *arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name, arguments, text", ERRORS)
def test_the_original_says_the_same(name, arguments, text):
    done = original(name, *arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.endswith(f"\nbarman-cloud-{name}: error: {text}\n")


@pytest.mark.parametrize("arguments, line", BAD_TAGS)
def test_the_original_refuses_the_same_tags(arguments, line):
    done = original("wal-archive", *arguments)
    assert done.returncode == 3
    assert done.stderr.endswith(line + "\n") and "usage:" not in done.stderr


# Accepted command lines: both reach the check of the WAL file's name, which comes next.
ACCEPTED = [
    ["a", "b", "foo"], ["-z", "a", "b", "foo"], ["a", "-z", "b", "foo"], ["--gz", "--end", "x", "a", "b", "foo"],
    ["-zvvt", "a", "b", "foo"], ["-vvPprof", "a", "b", "foo"], ["-P=prof", "a", "b", "foo"], ["-P", "", "a", "b", "foo"],
    ["-z", "-z", "a", "b", "foo"], ["--tags", "k,v", "k2,v2", "-z", "a", "b", "foo"],
    ["--tags", "k,\"a,b\"", "--", "a", "b", "foo"], ["--tags", "--history-tags", "x,y", "-z", "a", "b", "foo"],
    ["--read-timeout", "-5", "a", "b", "foo"], ["--read-timeout", " +1_0 ", "a", "b", "foo"],
    ["--max-block-size", "1.5 mb", "--max-concurrency=7", "a", "b", "foo"], ["-x y", "b", "foo"], ["-", "b", "foo"],
    ["--", "--foo", "b", "foo"], ["a", "--", "b", "foo"], ["-5", "b", "foo"], ["-e", "aws:kms", "a", "b", "foo"],
    ["--cloud-provider", "google-cloud-storage", "--cred", "azure-cli", "a", "b", "foo"], ["a", "", "foo"],
]


@pytest.mark.parametrize("arguments", ACCEPTED)
def test_accepted_as_by_the_original(run, arguments):
    for done in (run("wal-archive", *arguments), original("wal-archive", *arguments)):
        assert done.returncode == 3
        assert done.stderr.endswith("] ERROR: foo is an invalid name for a WAL file\n")


def test_more_is_accepted_than_by_the_original(run):
    for arguments in (["a", "b", "-z", "foo"], ["a", "b", "--cloud-provider", "file", "foo"],
                      ["--reg", "r", "--unsigned", "--connect-t", "5", "a", "b", "foo"]):
        assert run("wal-archive", *arguments).stderr.endswith("] ERROR: foo is an invalid name for a WAL file\n")
