"""docs/azure.md and docs/gcs.md, and tapster(7), say what src/store/azure and src/store/gcs do."""
import pathlib
import re
import shlex
import socket

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROVIDERS = ("azure", "gcs")
# Where the pages say them in words, or the code knows them only to say that it does without.
NOT_ON_THE_PAGE = {"AZURE_USERNAME", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT",
                   "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "GCE_METADATA_IP"}
NO_VARIABLES = {"PERMISSION_DENIED", "NOT_FOUND"}  # statuses of Google's


def page_of(provider):
    return (ROOT / f"docs/{provider}.md").read_text()


def manual():
    return (ROOT / "man/tapster.7").read_text().replace("\\-", "-")


def sources(provider):
    return "".join(path.read_text() for path in sorted((ROOT / "src/store" / provider).rglob("*.[ch]*")))


def variables(provider):
    """Texts of the code that look like a variable's name."""
    found = set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"', sources(provider))) - NO_VARIABLES
    assert len(found) > 15
    return found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_variable_is_described(provider):
    for name in variables(provider):
        assert name in manual(), f"{name} is not in tapster(7)"
        assert name in page_of(provider) or name in NOT_ON_THE_PAGE, f"{name} is not in docs/{provider}.md"


def test_no_variable_is_made_up():
    known = "".join(sources(provider) for provider in ("azure", "gcs", "cloud", "s3"))
    known += "".join(path.read_text() for path in (ROOT / "src/http").glob("*.cpp"))
    for provider in PROVIDERS:
        for name in re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", page_of(provider)):
            assert name in known or name.startswith("AADSTS"), f"docs/{provider}.md tells of {name}, which nothing reads"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_code_with_a_cure_is_in_the_table_of_errors(provider):
    text = page_of(provider)
    table = text[text.index("\n| code |"):]
    cured = set(re.findall(r'\bCure\{\s*"([^"]+)"', sources(provider)))
    assert len(cured) > 20
    for code in cured:
        assert f"`{code}`" in table or code.startswith("AADSTS"), f"{code} is not in docs/{provider}.md"


def in_order(text, words):
    places = [text.index(word) for word in words]
    return places == sorted(places)


def test_azure_is_looked_for_in_the_order_of_the_page():
    text = page_of("azure")
    numbered = re.findall(r"^[0-9]\. (.+)$", text, re.MULTILINE)
    links = re.findall(r'Link\{"([^"]+)"', sources("azure"))
    assert len(links) == 5
    assert [line.split(":")[0].lower() for line in numbered[4:]] == [link.lower() for link in links]
    credentials = (ROOT / "src/store/azure/credentials/azure_credentials.cpp").read_text()
    assert in_order(credentials[credentials.index("AzureAccount resolve_azure_account"):],
                    [f'environment.get("{line.strip("`")}")' for line in numbered[:3]])


def test_google_is_looked_for_in_the_order_of_the_page():
    resolve = (ROOT / "src/store/gcs/credentials/gcs_credentials.cpp").read_text()
    resolve = resolve[resolve.index("GoogleIdentity resolve_google_identity"):]
    assert in_order(resolve, ["named_key(environment)", "gcloud_login(environment)", "metadata_source(environment"])
    numbered = re.findall(r"^[0-9]\. (.+)$", page_of("gcs"), re.MULTILINE)
    for line, word in zip(numbered, ("GOOGLE_APPLICATION_CREDENTIALS", "gcloud auth application-default login", "metadata")):
        assert word in line
    table = page_of("gcs").partition("\n| `type` |")[2].partition("\n\n")[0]
    types = re.findall(r'type == "(\w+)"\) return', (ROOT / "src/store/gcs/credentials/gcs_credentials.cpp").read_text())
    assert len(types) == 4 and sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(types)


def number(text, pattern):
    return int(re.search(pattern, text).group(1).replace("'", "").replace(",", ""))


def test_sizes_are_those_of_the_code():
    options = (ROOT / "include/tapster/open_store.h").read_text()
    for name, option in (("max_block_size", "--max-block-size"), ("max_single_put_size", "--max-single-put-size")):
        megabytes = number(options, rf"{name} = std::uint64_t\{{(\d+)\}} << 20U")
        assert f"`{option}` ({megabytes} MB)" in page_of("azure")
    blocks = number((ROOT / "src/store/azure/wire/azure_limits.h").read_text(), r"kMaxBlocks = ([\d']+)")
    assert f"the service's {blocks:,} " in page_of("azure") or f"the service's {blocks:,}." in page_of("azure")
    upload = (ROOT / "src/wal/archive/wal_upload.h").read_text()
    single = number(upload, r"kMaxSinglePut = std::uint64_t\{(\d+)\} << 20U")
    memory = number(upload, r"kMaxBodyInMemory = std::uint64_t\{(\d+)\} << 20U")
    assert f"up to {single} MiB, or {memory} MiB when it is compressed" in page_of("gcs")
    assert f"WAL of more than {memory} MiB goes in blocks of {memory} MiB" in page_of("azure")


@pytest.fixture
def nowhere(run):
    """`run` whose stores, and services that give tokens for them, are where connections are refused."""
    with socket.socket() as taken:  # bound and not listened on
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        yield run.with_env(AZURE_STORAGE_CONNECTION_STRING=f"AccountName=a;AccountKey=a2V5;BlobEndpoint={url}/a",
                           IDENTITY_ENDPOINT=url, IDENTITY_HEADER="header", STORAGE_EMULATOR_HOST=url,
                           TAPSTER_MAX_ATTEMPTS="1", PATH="/nowhere")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_command_has_an_example_that_it_understands(nowhere, provider):
    text = page_of(provider).replace("$U", "https://pgbackups.blob.core.windows.net/backups/prod")
    examples = re.findall(r"\| `barman-cloud-(\S+) ([^`]+)` \|$", text, re.MULTILINE)
    assert len({command for command, _ in examples}) == 9
    for command, line in examples:
        done = nowhere(command, "-t", *shlex.split(line))
        # There is no az to ask, and no store.
        assert done.returncode == (4 if "azure-cli" in line else 2), f"{command}: {done.stderr}"
