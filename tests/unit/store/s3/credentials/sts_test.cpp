#include "unit/store/s3/credentials/aws_world.h"

using namespace tapster;
using namespace tapster::test;
using std::chrono::minutes;
using Stage = TransportError::Stage;

namespace {

const std::string kBase = "[base]\naws_access_key_id = BASE\naws_secret_access_key = HUSH-base\n";
const std::string kRole = "role_arn = arn:aws:iam::1:role/r\n";

std::string role_answer(const std::string& id, const std::string& expires = "2024-02-03T11:00:00Z") {
  return sts_answer("AssumeRole", id, expires);
}

std::string web_answer(const std::string& id, const std::string& expires = "2024-02-03T11:00:00Z") {
  return sts_answer("AssumeRoleWithWebIdentity", id, expires);
}

void with_web_identity(AwsWorld& world) {
  world.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
  world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.write("token", "HUSH-jwt.a+b/c=\n");
}

}  // namespace

TEST_CASE("a role is asked for with the keys of source_profile") {
  AwsWorld world;
  world.keys(kBase);
  world.config("[default]\nregion = eu-west-3\n" + kRole +
               "source_profile = base\nexternal_id = a b&c\nduration_seconds = 7200\nrole_session_name = me\n");
  world.http.answer(200, role_answer("ROLE"));
  const AwsCredentials credentials = world.get();
  CHECK(credentials.access_key_id == "ROLE");
  CHECK(credentials.secret_access_key.reveal() == "HUSH-ROLE");
  CHECK(credentials.session_token.reveal() == "HUSH-token-ROLE");
  CHECK(credentials.expires == parse_rfc3339("2024-02-03T11:00:00Z"));
  const SentRequest sent = world.http.sent().at(0);
  CHECK(sent.method == "POST");
  CHECK(sent.url == "https://sts.eu-west-3.amazonaws.com/");
  CHECK(sent.body ==
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&"
        "ExternalId=a%20b%26c&DurationSeconds=7200");
  CHECK(sent.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8");
  CHECK(sent.header("x-amz-date") == "20240203T100000Z");
  CHECK_THAT(sent.header("Authorization"), ContainsSubstring("Credential=BASE/20240203/eu-west-3/sts/aws4_request, "
                                                             "SignedHeaders=content-type;host;x-amz-date, Signature="));
  CHECK_THAT(world.log, ContainsSubstring("Found credentials in the role arn:aws:iam::1:role/r of profile \"default\", "
                                          "assumed with credentials from the shared credentials file"));
}

TEST_CASE("the session has a name of our own when the profile gives none") {
  AwsWorld world;
  world.keys(kBase);
  world.config("[default]\n" + kRole + "source_profile = base\n");
  world.http.answer(200, role_answer("ROLE"));
  world.id();
  CHECK(world.http.sent().at(0).form("RoleSessionName") == "tapster-1706954400");
}

TEST_CASE("where STS is") {
  AwsWorld world;
  world.keys(kBase);
  const std::string profile = "[default]\n" + kRole + "source_profile = base\n";
  std::string url;
  std::string scope;
  SECTION("no region: the global endpoint") {
    url = "https://sts.amazonaws.com/";
    scope = "/us-east-1/sts/";
    world.config(profile);
  }
  SECTION("the option's region before the variables'") {
    url = "https://sts.us-gov-west-1.amazonaws.com/";
    scope = "/us-gov-west-1/sts/";
    world.region = "us-gov-west-1";
    world.variables["AWS_DEFAULT_REGION"] = "eu-west-1";
    world.config(profile);
  }
  SECTION("a variable's region before the profile's") {
    url = "https://sts.cn-north-1.amazonaws.com.cn/";
    scope = "/cn-north-1/sts/";
    world.variables["AWS_REGION"] = "cn-north-1";
    world.config(profile + "region = eu-west-1\n");
  }
  SECTION("an isolated region") {
    url = "https://sts.us-isob-east-1.sc2s.sgov.gov/";
    scope = "/us-isob-east-1/sts/";
    world.config(profile + "region = us-isob-east-1\n");
  }
  SECTION("an endpoint for STS") {
    url = "http://sts.local:8000/";
    scope = "/eu-west-1/sts/";
    world.variables["AWS_ENDPOINT_URL_STS"] = "http://sts.local:8000";
    world.config(profile + "region = eu-west-1\nendpoint_url = http://other\n");
  }
  SECTION("an endpoint in the profile") {
    url = "http://other/x/";
    scope = "/us-east-1/sts/";
    world.config(profile + "endpoint_url = http://other/x/\n");
  }
  world.http.answer(200, role_answer("ROLE"));
  CHECK(world.id() == "ROLE");
  CHECK(world.http.sent().at(0).url == url);
  CHECK_THAT(world.http.sent().at(0).header("Authorization"), ContainsSubstring(scope));
}

TEST_CASE("a region that is none is not made a host name") {
  AwsWorld world;
  world.keys(kBase);
  world.config("[default]\n" + kRole + "source_profile = base\nregion = evil.example.com/\n");
  CHECK(world.failure() == "general: \"evil.example.com/\" is not the name of an AWS region");
}

TEST_CASE("roles in a chain") {
  AwsWorld world;
  world.keys(kBase);
  world.config("[default]\n" + kRole + "source_profile = middle\n[profile middle]\nrole_arn = arn:middle\n" +
               "source_profile = base\n");
  world.http.answer(200, role_answer("MIDDLE")).answer(200, role_answer("ROLE"));
  CHECK(world.id() == "ROLE");
  CHECK(world.http.sent().at(0).form("RoleArn") == "arn:middle");
  CHECK_THAT(world.http.sent().at(0).header("Authorization"), ContainsSubstring("Credential=BASE/"));
  CHECK(world.http.sent().at(1).form("RoleArn") == "arn:aws:iam::1:role/r");
  CHECK_THAT(world.http.sent().at(1).header("Authorization"), ContainsSubstring("Credential=MIDDLE/"));
  CHECK(world.http.sent().at(1).header("x-amz-security-token") == "HUSH-token-MIDDLE");

  // Both are renewed when their time has come.
  world.clock.advance(minutes(56));
  world.http.answer(200, role_answer("MIDDLE2", "2024-02-03T12:00:00Z"))
      .answer(200, role_answer("ROLE2", "2024-02-03T12:00:00Z"));
  CHECK(world.id() == "ROLE2");
}

TEST_CASE("circles of profiles are seen") {
  AwsWorld world;
  SECTION("of two") {
    world.config("[default]\n" + kRole + "source_profile = b\n[profile b]\n" + kRole + "source_profile = default\n");
    CHECK_THAT(world.failure(), ContainsSubstring("general: The source_profile settings go round in a circle: "
                                                  "default -> b -> default"));
  }
  SECTION("of one without keys") {
    world.config("[default]\n" + kRole + "source_profile = default\n");
    CHECK_THAT(world.failure(), ContainsSubstring("in a circle: default -> default"));
  }
  SECTION("of one with keys, which is no circle") {
    world.config("[default]\n" + kRole + "source_profile = default\n");
    world.keys("[default]\naws_access_key_id = OWN\naws_secret_access_key = HUSH\n");
    world.http.answer(200, role_answer("ROLE"));
    CHECK(world.id() == "ROLE");
    CHECK_THAT(world.http.sent().at(0).header("Authorization"), ContainsSubstring("Credential=OWN/"));
  }
}

TEST_CASE("a source profile with a web identity") {
  AwsWorld world;
  with_web_identity(world);
  world.config("[default]\n" + kRole + "source_profile = web\n[profile web]\nrole_arn = arn:web\n" +
               "web_identity_token_file = " + world.write("other", "HUSH-other") + "\n");
  world.http.answer(200, web_answer("WEB")).answer(200, role_answer("ROLE"));
  CHECK(world.id() == "ROLE");
  CHECK(world.http.sent().at(0).form("WebIdentityToken") == "HUSH-other");  // the variables are not meant
}

TEST_CASE("a role is asked for with credentials from credential_source") {
  AwsWorld world;
  SECTION("Environment, also for a profile named by option") {
    world.option = "default";
    world.variables["AWS_ACCESS_KEY_ID"] = "ENV";
    world.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-env";
    world.config("[default]\n" + kRole + "credential_source = Environment\n");
    world.http.answer(200, role_answer("ROLE"));
    CHECK(world.id() == "ROLE");
    CHECK_THAT(world.http.sent().at(0).header("Authorization"), ContainsSubstring("Credential=ENV/"));
  }
  SECTION("EcsContainer") {
    world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/";
    world.config("[default]\n" + kRole + "credential_source = EcsContainer\n");
    world.http.answer(200, json_answer("ECS", "2024-02-03T11:00:00Z")).answer(200, role_answer("ROLE"));
    CHECK(world.id() == "ROLE");
    CHECK_THAT(world.http.sent().at(1).header("Authorization"), ContainsSubstring("Credential=ECS/"));
  }
  SECTION("Ec2InstanceMetadata") {
    world.variables.erase("AWS_EC2_METADATA_DISABLED");
    world.config("[default]\n" + kRole + "credential_source = Ec2InstanceMetadata\n");
    world.http.answer(200, "HUSH").answer(200, "r").answer(200, json_answer("EC2", "2024-02-03T11:00:00Z"));
    world.http.answer(200, role_answer("ROLE"));
    CHECK(world.id() == "ROLE");
    CHECK_THAT(world.http.sent().at(3).header("Authorization"), ContainsSubstring("Credential=EC2/"));
  }
  SECTION("nothing there") {
    world.config("[default]\n" + kRole + "credential_source = EcsContainer\n");
    CHECK(world.failure() ==
          "general: There are no credentials in the credential_source EcsContainer of the profile \"default\"");
  }
  SECTION("unknown") {
    world.config("[default]\n" + kRole + "credential_source = Elsewhere\n");
    CHECK_THAT(world.failure(), ContainsSubstring("has credential_source = Elsewhere; known are Environment"));
  }
}

TEST_CASE("roles that cannot be asked for") {
  AwsWorld world;
  world.keys(kBase + "[empty]\n");
  const std::string profile = "[default]\n" + kRole;
  SECTION("with a code that somebody would have to type") {
    world.config(profile + "source_profile = base\nmfa_serial = arn:mfa\n");
    CHECK_THAT(world.failure(), ContainsSubstring("general: The profile \"default\" wants a code of the MFA device"));
  }
  SECTION("without a source") {
    world.config(profile);
    CHECK_THAT(world.failure(), ContainsSubstring("neither source_profile nor credential_source"));
  }
  SECTION("with two") {
    world.config(profile + "source_profile = base\ncredential_source = Environment\n");
    CHECK_THAT(world.failure(), ContainsSubstring("both source_profile and credential_source"));
  }
  SECTION("with a source that is nowhere") {
    world.config(profile + "source_profile = gone\n");
    CHECK(world.failure() == "general: The source_profile \"gone\" of the profile \"default\" does not exist");
  }
  SECTION("with a source without credentials") {
    world.config(profile + "source_profile = empty\n");
    CHECK(world.failure() == "general: The source_profile \"empty\" of the profile \"default\" has no credentials");
  }
  SECTION("for a time that is none") {
    world.config(profile + "source_profile = base\nduration_seconds = 1h\n");
    CHECK(world.failure() ==
          "general: The profile \"default\" has duration_seconds = 1h, which is no number of seconds");
  }
  CHECK(world.http.sent().empty());
}

TEST_CASE("what STS may answer") {
  AwsWorld world;
  world.keys(kBase);
  world.config("[default]\n" + kRole + "source_profile = base\n");
  const std::string start = "Cannot get credentials from the token service https://sts.amazonaws.com/: ";
  SECTION("a refusal") {
    world.http.answer(403, sts_error("AccessDenied", "not you"));
    CHECK(world.failure() == "general: " + start + "status 403, AssumeRole: AccessDenied: not you");
  }
  SECTION("a refusal of a gateway") {
    world.http.answer(403, "<Error><Code>AccessDenied</Code></Error>");
    CHECK(world.failure() == "general: " + start + "status 403, AssumeRole: AccessDenied");
  }
  SECTION("something else") {
    world.http.answer(404, "not found\n");
    CHECK(world.failure() == "general: " + start + "status 404, AssumeRole: not found");
  }
  SECTION("throttling, and then the role") {
    world.http.answer(400, sts_error("Throttling", "slow down")).answer(503).answer(200, role_answer("ROLE"));
    CHECK(world.id() == "ROLE");
    CHECK(world.http.sent().at(2).body == world.http.sent().at(0).body);
  }
  SECTION("5xx to the end") {
    world.http.answer(500).answer(500).answer(500);
    CHECK_THAT(world.failure(), ContainsSubstring("network: " + start + "status 500"));
  }
  SECTION("nothing") {
    world.http.fail(Stage::resolve).fail(Stage::resolve).fail(Stage::resolve);
    CHECK(world.failure() == "network: " + start + "scripted failure");
  }
  SECTION("no XML") {
    world.http.answer(200, "HUSH");
    CHECK(world.failure() ==
          "general: The answer of the token service https://sts.amazonaws.com/ to AssumeRole is not XML");
  }
  SECTION("half of the credentials") {
    world.http.answer(200, role_answer("ROLE", "later"));
    CHECK_THAT(world.failure(), ContainsSubstring("to AssumeRole has no complete credentials"));
  }
  SECTION("expired source credentials, twice: an error") {
    world.http.answer(400, sts_error("ExpiredToken", "old")).answer(400, sts_error("ExpiredToken", "old"));
    CHECK_THAT(world.failure(), ContainsSubstring("AssumeRole: ExpiredToken: old"));
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("source credentials that STS calls expired are fetched anew") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/";
  world.config("[default]\n" + kRole + "credential_source = EcsContainer\n");
  world.http.answer(200, json_answer("OLD", "2024-02-03T11:00:00Z"))
      .answer(403, sts_error("ExpiredToken", "old"))
      .answer(200, json_answer("NEW", "2024-02-03T11:00:00Z"))
      .answer(200, role_answer("ROLE"));
  CHECK(world.id() == "ROLE");
  const SentRequest last = world.http.sent().at(3);
  CHECK_THAT(last.header("Authorization"), ContainsSubstring("Credential=NEW/"));
  CHECK(last.header("x-amz-security-token") == "HUSH-token-NEW");
}

TEST_CASE("IRSA: a token file and a role in variables") {
  AwsWorld world;
  with_web_identity(world);
  world.variables["AWS_REGION"] = "eu-west-3";
  world.variables["AWS_ROLE_SESSION_NAME"] = "pod";
  world.http.answer(200, web_answer("WEB"));
  CHECK(world.id() == "WEB");
  CHECK(world.token() == "HUSH-token-WEB");
  const SentRequest sent = world.http.sent().at(0);
  CHECK(sent.url == "https://sts.eu-west-3.amazonaws.com/");
  CHECK(sent.form("Action") == "AssumeRoleWithWebIdentity");
  CHECK(sent.form("RoleArn") == "arn:aws:iam::1:role/web");
  CHECK(sent.form("RoleSessionName") == "pod");
  CHECK(sent.form("WebIdentityToken") == "HUSH-jwt.a+b/c=");
  CHECK(sent.header("Authorization").empty());
  CHECK_THAT(world.log, ContainsSubstring("Found credentials in the role arn:aws:iam::1:role/web of the web identity"));

  SECTION("the file is read again for the renewal") {
    world.write("token", "HUSH-next");
    world.clock.advance(minutes(56));
    world.http.answer(200, web_answer("WEB2", "2024-02-03T12:00:00Z"));
    CHECK(world.id() == "WEB2");
    CHECK(world.http.sent().at(1).form("WebIdentityToken") == "HUSH-next");
  }
}

TEST_CASE("a web identity in the profile") {
  AwsWorld world;
  world.config("[default]\nrole_arn = arn:web\nweb_identity_token_file = " + world.write("token", "HUSH") +
               "\nrole_session_name = s\n");
  world.http.answer(200, web_answer("WEB"));
  CHECK(world.id() == "WEB");
  CHECK(world.http.sent().at(0).form("RoleArn") == "arn:web");
  CHECK(world.http.sent().at(0).form("RoleSessionName") == "s");
}

TEST_CASE("web identities that cannot be used") {
  AwsWorld world;
  with_web_identity(world);
  SECTION("no role") {
    world.variables.erase("AWS_ROLE_ARN");
    CHECK_THAT(world.failure(), ContainsSubstring("no role to ask for: set AWS_ROLE_ARN"));
  }
  SECTION("no file") {
    world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.path("gone");
    CHECK(world.failure() == "general: There is no web identity token file " + world.path("gone"));
  }
  SECTION("an empty file") {
    world.write("token", "\n");
    CHECK(world.failure() == "general: The web identity token file " + world.path("token") + " is empty");
  }
  SECTION("an identity provider that STS cannot reach is asked again; a token that expired is not") {
    world.http.answer(400, sts_error("IDPCommunicationError", "x"))
        .answer(400, sts_error("ExpiredTokenException", "Token expired"));
    try {
      world.provider().get();
      FAIL("no error");
    } catch (const Error& problem) {
      CHECK(problem.kind() == ErrorKind::general);
      CHECK_THAT(problem.what(), ContainsSubstring("AssumeRoleWithWebIdentity: ExpiredTokenException: Token expired"));
    }
    CHECK(world.http.sent().size() == 2);
  }
}
