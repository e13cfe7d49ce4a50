"""Segments go both ways between ours and the original: a change of package, or back, loses nothing."""
import pytest

from support.segments import segment_bytes

FORMS = {"plain": ([], ""), "gzip": (["--gzip"], ".gz"), "bzip2": (["--bzip2"], ".bz2")}
MIB = 1024 * 1024
SEGMENT = "000000010000000A000000FE"
FILES = {
    SEGMENT: segment_bytes(seed=7, size=MIB),
    "000000010000000A000000FF.partial": segment_bytes(seed=8, size=MIB),
    "000000010000000A000000FE.00000028.backup": b"START WAL LOCATION: A/FE000028 (file 000000010000000A000000FE)\n",
    "00000002.history": b"1\tA/FE000110\tno recovery target specified\n",
}
form = pytest.mark.parametrize("form", FORMS)
file = pytest.mark.parametrize("name", FILES)


def written(folder, name, content=None):
    path = folder / name
    path.write_bytes(FILES[name] if content is None else content)
    return path


def succeeds(done):
    assert (done.returncode, done.stderr) == (0, "")


def archive(command, place, path, *options):
    succeeds(command("wal-archive", *options, *place, path))


def objects(s3, bucket):
    return {key: s3.get(bucket, key) for key in s3.keys(bucket)}


@form
@file
def test_the_original_restores_what_ours_archived(s3_run, original, place, tmp_path, form, name):
    archive(s3_run, place, written(tmp_path, name), *FORMS[form][0])
    restored = tmp_path / "restored"
    done = original("wal-restore", *place, name, restored)
    if name.endswith(".backup") and form != "plain":
        assert done.returncode == 1  # the original finds no compressed label, not even its own
        return
    succeeds(done)
    assert restored.read_bytes() == FILES[name]


@form
@file
def test_ours_restores_what_the_original_archived(s3_run, original, place, tmp_path, form, name):
    archive(original, place, written(tmp_path, name), *FORMS[form][0])
    restored = tmp_path / "restored"
    succeeds(s3_run("wal-restore", *place, name, restored))
    assert restored.read_bytes() == FILES[name]


@form
def test_a_whole_segment_goes_both_ways(s3_run, original, place, tmp_path, form):
    content = segment_bytes(seed=9)
    for archiver, restorer, name in ((s3_run, original, "00000001000000000000000A"),
                                     (original, s3_run, "00000001000000000000000B")):
        archive(archiver, place, written(tmp_path, name, content), *FORMS[form][0])
        restored = tmp_path / f"{name}.restored"
        succeeds(restorer("wal-restore", *place, name, restored))
        assert restored.read_bytes() == content


@form
def test_both_choose_the_same_keys(s3_run, original, rgw, s3, bucket, tmp_path, form):
    names = [*FILES, "0000000a0000000b0000000c"]  # lower case: the folder's name is upper case, the file's stays
    for command, server in ((s3_run, "ours"), (original, "theirs")):
        for name in names:
            path = written(tmp_path, name, FILES[SEGMENT])
            archive(command, ["--endpoint-url", rgw["S3_ENDPOINT"], f"s3://{bucket}/p", server], path, *FORMS[form][0])
    ours, theirs = ([key.removeprefix(f"p/{server}/") for key in s3.keys(bucket, f"p/{server}/")]
                    for server in ("ours", "theirs"))
    assert len(ours) == len(names)
    assert ours == theirs


@pytest.mark.parametrize("url", ["s3://{}", "s3://{}/", "s3://{}//a/b/", "s3://{}/a%20b/c d"])
def test_both_read_the_same_folder_out_of_a_url(s3_run, original, rgw, s3, bucket, tmp_path, url):
    path = written(tmp_path, "00000002.history")
    place = ["--endpoint-url", rgw["S3_ENDPOINT"], url.format(bucket), "main"]
    archive(original, place, path)
    theirs = s3.keys(bucket)
    s3.remove(bucket, theirs[0])
    archive(s3_run, place, path)
    assert s3.keys(bucket) == theirs


@pytest.mark.parametrize("our_form", FORMS)
@pytest.mark.parametrize("their_form", FORMS)
def test_what_the_original_archived_is_not_archived_again(s3_run, original, place, s3, bucket, tmp_path, our_form,
                                                          their_form):
    path = written(tmp_path, SEGMENT)
    archive(original, place, path, *FORMS[their_form][0])
    before = objects(s3, bucket)
    archive(s3_run, place, path, *FORMS[our_form][0])
    assert objects(s3, bucket) == before


@pytest.mark.parametrize("our_form", FORMS)
@pytest.mark.parametrize("their_form", FORMS)
def test_what_the_original_archived_is_never_replaced(s3_run, original, place, s3, bucket, tmp_path, our_form,
                                                      their_form):
    archive(original, place, written(tmp_path, SEGMENT), *FORMS[their_form][0])
    before = objects(s3, bucket)
    changed = bytearray(FILES[SEGMENT])
    changed[-1] ^= 1
    done = s3_run("wal-archive", *FORMS[our_form][0], *place, written(tmp_path, SEGMENT, changed))
    assert done.returncode == 1
    assert SEGMENT in done.stderr
    assert objects(s3, bucket) == before


@pytest.mark.parametrize("name", [SEGMENT, "00000002.history"])
def test_both_set_the_same_tags(s3_run, original, place, s3, bucket, tmp_path, name):
    # No blanks: the original writes them as "+", which the gateway, unlike AWS, stores as it stands.
    tags = ["--tags", "owner,dba", '"odd,key","with""quotes""+&=%20"', "--history-tags", "kind,history"]
    found = []
    for command in (original, s3_run):
        archive(command, place, written(tmp_path, name), *tags)
        [key] = s3.keys(bucket)
        found.append(s3.tags(bucket, key))
        s3.remove(bucket, key)
    assert found[0] == found[1]
    assert found[1] == ({"kind": "history"} if name.endswith(".history") else
                        {"owner": "dba", "odd,key": 'with"quotes"+&=%20'})


@file
def test_both_say_the_same_when_there_is_nothing(s3_run, original, place, tmp_path, name):
    missing = tmp_path / "restored"
    for command in (original, s3_run):
        done = command("wal-restore", *place, name, missing)
        assert (done.returncode, done.stdout) == (1, "")
        assert not missing.exists()


def test_ours_takes_the_segment_where_the_original_takes_the_partial_one(s3_run, original, place, tmp_path):
    archive(original, place, written(tmp_path, SEGMENT), "--gzip")
    archive(original, place, written(tmp_path, f"{SEGMENT}.partial", b"cut short"))
    archive(original, place, written(tmp_path, f"{SEGMENT}.00000028.backup", b"label"))
    restored = tmp_path / "restored"
    succeeds(s3_run("wal-restore", *place, SEGMENT, restored))
    assert restored.read_bytes() == FILES[SEGMENT]
