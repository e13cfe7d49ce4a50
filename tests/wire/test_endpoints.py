"""Where requests go, for which region they are signed, and what the server's own answer changes."""
import pytest

from support import faults
from support.proxy import ForwardProxy, closed_port
from support.site import SERVER, Site, error_line, expect, lines, wal_key


def signed_region(request):
    return request.header("authorization").split("Credential=")[1].split("/")[2]


def write_config(tmp_path, text):
    (tmp_path / ".aws").mkdir(exist_ok=True)
    (tmp_path / ".aws" / "config").write_text(text)


@pytest.fixture
def bare(scripted_run, scripted, tmp_path):
    """A Site without --endpoint-url."""
    return Site(scripted_run, None, "wals", tmp_path)


# -- addressing ----------------------------------------------------------------------------------

@pytest.mark.parametrize("style, host_prefix", [(None, ""), ("auto", ""), ("path", ""), ("virtual", "wals.")])
def test_addressing_style_on_a_custom_endpoint(scripted_run, scripted, content, tmp_path, style, host_prefix):
    site = Site(scripted_run, f"http://localhost:{scripted.port}", "wals", tmp_path)
    options = ["--addressing-style", style] if style else []
    expect(site.archive(site.segment(content), *options), 0)
    expect(site.restore(*options), 0)
    assert site.restored() == content
    expect(site.check(*options), 1)
    assert {request.header("host") for request in scripted.requests} == {f"{host_prefix}localhost:{scripted.port}"}


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_a_store_with_only_one_style(scripted_run, scripted_tls, content, tmp_path, style):
    scripted_tls.styles = (style,)
    site = Site(scripted_run, scripted_tls.endpoint, "wals", tmp_path)
    expect(site.archive(site.segment(content), "--addressing-style", style), 0)
    assert list(scripted_tls.buckets["wals"]) == [wal_key()]


def test_a_path_in_the_endpoint_is_kept_out_of_trouble(scripted_run, scripted, content, tmp_path):
    site = Site(scripted_run, scripted.endpoint + "/", "wals", tmp_path)
    expect(site.archive(site.segment(content)), 0)
    assert {request.path.split("/")[1] for request in scripted.requests} == {"wals"}


@pytest.mark.parametrize("bucket, environment, hosts", [
    ("wals", {"AWS_DEFAULT_REGION": "eu-west-1"}, {"wals.s3.eu-west-1.amazonaws.com"}),
    ("wals", {"AWS_DEFAULT_REGION": "us-east-1"}, {"wals.s3.us-east-1.amazonaws.com", "wals.s3.amazonaws.com"}),
    ("wa.ls", {"AWS_DEFAULT_REGION": "eu-west-1"}, {"s3.eu-west-1.amazonaws.com"}),
    ("wals", {"AWS_DEFAULT_REGION": "cn-north-1"}, {"wals.s3.cn-north-1.amazonaws.com.cn"}),
    ("wals", {"AWS_DEFAULT_REGION": "us-gov-west-1"}, {"wals.s3.us-gov-west-1.amazonaws.com"}),
    ("wals", {"AWS_DEFAULT_REGION": "us-iso-east-1"}, {"wals.s3.us-iso-east-1.c2s.ic.gov"}),
    ("wals", {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
     {"wals.s3.dualstack.eu-west-1.amazonaws.com"}),
    ("wals", {"AWS_DEFAULT_REGION": "us-east-2", "AWS_USE_FIPS_ENDPOINT": "true"},
     {"wals.s3-fips.us-east-2.amazonaws.com"}),
    ("wals", {"AWS_DEFAULT_REGION": "us-east-2", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"},
     {"wals.s3-fips.dualstack.us-east-2.amazonaws.com"})])
def test_aws_names(scripted_run, tmp_path, bucket, environment, hosts):
    nowhere = closed_port()
    with ForwardProxy(route={f"{host}:443": nowhere for host in hosts}) as forward:
        site = Site(scripted_run.with_env(HTTPS_PROXY=forward.endpoint, AWS_MAX_ATTEMPTS="1", **environment), None,
                    bucket, tmp_path)
        expect(site.restore(), 2, 4)
        asked = {request.target for request in forward.requests}
    assert len(asked) == 1 and asked <= {f"{host}:443" for host in hosts}, asked


# -- sources of the endpoint ---------------------------------------------------------------------

def test_the_option_beats_the_environment(site_on, scripted, content):
    dead = f"http://127.0.0.1:{closed_port()}"
    site = site_on(scripted).with_env(AWS_ENDPOINT_URL_S3=dead, AWS_ENDPOINT_URL=dead)
    expect(site.archive(site.segment(content)), 0)


@pytest.mark.parametrize("variables", [{"AWS_ENDPOINT_URL_S3": "live"}, {"AWS_ENDPOINT_URL": "live"},
                                       {"AWS_ENDPOINT_URL_S3": "live", "AWS_ENDPOINT_URL": "dead"}])
def test_the_endpoint_by_environment(bare, scripted, content, variables):
    where = {"live": scripted.endpoint, "dead": f"http://127.0.0.1:{closed_port()}"}
    site = bare.with_env(**{name: where[value] for name, value in variables.items()})
    expect(site.archive(site.segment(content)), 0)
    assert list(scripted.buckets["wals"]) == [wal_key()]


@pytest.mark.parametrize("config", [
    "[default]\nendpoint_url = LIVE\n",
    "[default]\nendpoint_url = DEAD\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = LIVE\n",
    "[default]\ns3 =\n  addressing_style = path\nendpoint_url = LIVE\n"])
def test_the_endpoint_by_profile(bare, scripted, content, tmp_path, config):
    dead = f"http://127.0.0.1:{closed_port()}"
    write_config(tmp_path, config.replace("LIVE", scripted.endpoint).replace("DEAD", dead))
    expect(bare.archive(bare.segment(content)), 0)
    assert list(scripted.buckets["wals"]) == [wal_key()]


def test_the_endpoint_of_a_named_profile(bare, scripted, content, tmp_path):
    write_config(tmp_path, f"[profile lab]\nendpoint_url = {scripted.endpoint}\naws_access_key_id = "
                 f"{scripted.access_key}\naws_secret_access_key = {scripted.secret_key}\n")
    expect(bare.archive(bare.segment(content), "--aws-profile", "lab"), 0)
    expect(bare.with_env(AWS_PROFILE="lab").restore(), 0)


def test_the_environment_beats_the_profile(bare, scripted, content, tmp_path):
    write_config(tmp_path, f"[default]\nendpoint_url = http://127.0.0.1:{closed_port()}\n")
    site = bare.with_env(AWS_ENDPOINT_URL=scripted.endpoint)
    expect(site.archive(site.segment(content)), 0)


def test_configured_endpoints_can_be_ignored(bare, scripted, tmp_path):
    write_config(tmp_path, f"[default]\nendpoint_url = {scripted.endpoint}\n")
    with ForwardProxy() as forward:
        site = bare.with_env(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true", AWS_ENDPOINT_URL=scripted.endpoint,
                             AWS_DEFAULT_REGION="eu-west-1", HTTPS_PROXY=forward.endpoint, AWS_MAX_ATTEMPTS="1",
                             NO_PROXY="127.0.0.1")
        forward.route["wals.s3.eu-west-1.amazonaws.com:443"] = closed_port()
        expect(site.restore(), 2, 4)
        assert {request.target for request in forward.requests} == {"wals.s3.eu-west-1.amazonaws.com:443"}
    assert scripted.requests == []


@pytest.mark.parametrize("endpoint", ["127.0.0.1:9000", "ftp://127.0.0.1", "http://", "http://host:port"])
def test_a_malformed_endpoint_is_one_clear_line(scripted_run, content, tmp_path, endpoint):
    site = Site(scripted_run, endpoint, "wals", tmp_path)
    error_line(expect(site.archive(site.segment(content)), 4), endpoint)


# -- the region ----------------------------------------------------------------------------------

@pytest.mark.parametrize("variables, config, wanted", [
    ({}, "", "us-east-1"),
    ({"AWS_DEFAULT_REGION": "eu-a-1"}, "", "eu-a-1"),
    ({"AWS_DEFAULT_REGION": "eu-a-1\n"}, "", "eu-a-1"),
    ({}, "[default]\nregion = eu-b-1\n", "eu-b-1"),
    ({"AWS_DEFAULT_REGION": "eu-a-1"}, "[default]\nregion = eu-b-1\n", "eu-a-1")])
def test_the_region_that_is_signed_for(site_on, scripted, content, tmp_path, variables, config, wanted):
    write_config(tmp_path, config)
    site = site_on(scripted).with_env(**variables)
    expect(site.archive(site.segment(content)), 0)
    assert {signed_region(request) for request in scripted.requests} == {wanted}


@pytest.mark.parametrize("answer", ["malformed", "redirect"])
@pytest.mark.parametrize("command", ["archive", "restore", "check", "test"])
def test_the_server_knows_its_region_better(site_on, scripted, content, answer, command):
    site = site_on(scripted).with_env(AWS_DEFAULT_REGION="us-east-1")
    if command == "restore":
        expect(site.archive(site.segment(content)), 0)
        scripted.requests.clear()
    scripted.region, scripted.region_answer = "eu-test-1", answer
    expect({"archive": lambda: site.archive(site.segment(content)), "restore": site.restore,
            "check": site.check, "test": lambda: site.check("-t")}[command](), 0)
    regions = [signed_region(request) for request in scripted.requests]
    assert regions[0] == "us-east-1" and regions[-1] == "eu-test-1"
    wrong = regions.count("us-east-1")
    assert wrong <= 2 and regions[wrong:] == ["eu-test-1"] * (len(regions) - wrong), regions  # learnt once


def test_a_server_that_changes_its_mind_about_the_region_is_not_followed_for_ever(site_on, scripted, content):
    scripted.inject(faults.wrong_region("eu-1"), nth=1, times=2)
    scripted.inject(faults.wrong_region("eu-2"))
    site = site_on(scripted)
    error_line(expect(site.archive(site.segment(content)), 4), "region")
    assert len(scripted.requests) <= 8


# -- identity and time ---------------------------------------------------------------------------

def test_the_session_token_is_sent_with_every_request(site, store, content):
    store.session_token = "FwoGZXIvYXdzE+/token=="
    site = site.with_env(AWS_SESSION_TOKEN=store.session_token + "\n")
    expect(site.archive(site.segment(content)), 0)
    expect(site.restore(), 0)
    assert site.restored() == content


def test_a_missing_session_token_is_refused_with_its_code(site_on, scripted, content):
    scripted.session_token = "token"
    site = site_on(scripted)
    error_line(expect(site.archive(site.segment(content)), 4), "InvalidToken", "403", "wals", faults.REQUEST_ID)


@pytest.mark.parametrize("ahead", [3600, -86400])
@pytest.mark.parametrize("command", ["archive", "restore", "check"])
def test_a_wrong_clock_is_corrected_once_with_a_warning(site_on, scripted, content, ahead, command):
    site = site_on(scripted)
    if command == "restore":
        expect(site.archive(site.segment(content)), 0)
    scripted.requests.clear()
    scripted.clock_ahead = ahead
    result = expect({"archive": lambda: site.archive(site.segment(content)), "restore": site.restore,
                     "check": site.check}[command](), 0)
    warnings = lines(result, "WARNING")
    assert len(warnings) == 1 and "clock" in warnings[0].lower(), result.stderr
    if command == "restore":
        assert site.restored() == content


def test_a_server_that_never_likes_the_clock(site_on, scripted, content):
    scripted.inject(faults.skewed(3600))
    site = site_on(scripted)
    error_line(expect(site.archive(site.segment(content)), 4), "RequestTimeTooSkewed", "clock", "403")
    assert len(scripted.requests) <= 4
    expect(site.restore(), 4)


def test_the_bucket_of_the_probe_is_not_evaluated(scripted_run, scripted, tmp_path):
    """CloudNativePG's probe: the store answers, the bucket does not exist."""
    result = scripted_run("check-wal-archive", "--cloud-provider", "aws-s3", "--endpoint-url", scripted.endpoint,
                          "s3://not-evaluated/", SERVER, "--test")
    expect(result, 0)
    assert "not-evaluated" not in scripted.buckets
