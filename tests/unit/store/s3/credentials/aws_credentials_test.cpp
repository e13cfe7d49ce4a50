#include "unit/store/s3/credentials/aws_world.h"

#include <barrier>
#include <thread>
#include <vector>

using namespace tapster;
using namespace tapster::test;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr const char* kEndpoint = "http://127.0.0.1:9/role";

// Whose credentials are temporary, from a container's endpoint.
void in_container(AwsWorld& world) { world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = kEndpoint; }

void with_keys(AwsWorld& world) {
  world.variables["AWS_ACCESS_KEY_ID"] = "ENV";
  world.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-env\n";
}

}  // namespace

TEST_CASE("keys in the environment decide without any file or request") {
  AwsWorld world;
  with_keys(world);
  in_container(world);
  world.config("this is malformed");
  CHECK(world.id() == "ENV");
  CHECK(world.secret() == "HUSH-env");  // without the newline
  CHECK(world.token().empty());
  CHECK_FALSE(world.get().expires);
  CHECK(world.provider().source() == "environment variables");
  CHECK_THAT(world.log, ContainsSubstring("INFO: Found credentials in environment variables\n"));
  CHECK(world.http.sent().empty());
}

TEST_CASE("session tokens in the environment") {
  AwsWorld world;
  with_keys(world);
  world.variables["AWS_SESSION_TOKEN"] = "HUSH-new\r\n";
  SECTION("the usual name") { CHECK(world.token() == "HUSH-new"); }
  SECTION("the old name comes first") {
    world.variables["AWS_SECURITY_TOKEN"] = "HUSH-old";
    CHECK(world.token() == "HUSH-old");
  }
}

TEST_CASE("an expiration in the environment") {
  AwsWorld world;
  with_keys(world);
  SECTION("to come") {
    world.variables["AWS_CREDENTIAL_EXPIRATION"] = "2024-02-03T10:04:00Z";
    CHECK(world.get().expires == parse_rfc3339("2024-02-03T10:04:00Z"));
    world.clock.advance(minutes(3));
    CHECK(world.id() == "ENV");
    world.clock.advance(minutes(2));
    CHECK_THAT(world.failure(), ContainsSubstring("general: The credentials from environment variables expired at "
                                                  "20240203T100400Z"));
  }
  SECTION("past") {
    world.variables["AWS_CREDENTIAL_EXPIRATION"] = "2024-02-03T10:00:00Z";
    CHECK_THAT(world.failure(), ContainsSubstring("general: The credentials from environment variables expired"));
  }
  SECTION("malformed") {
    world.variables["AWS_CREDENTIAL_EXPIRATION"] = "soon";
    CHECK_THAT(world.failure(), ContainsSubstring("general: AWS_CREDENTIAL_EXPIRATION is \"soon\""));
  }
}

TEST_CASE("half of the keys is an error, not a reason to look further") {
  AwsWorld world;
  in_container(world);
  SECTION("in the environment") {
    world.variables["AWS_ACCESS_KEY_ID"] = "ENV";
    world.variables["AWS_SECRET_ACCESS_KEY"] = "\n";
    CHECK(world.failure() ==
          "general: Partial credentials in the environment: AWS_ACCESS_KEY_ID is set, AWS_SECRET_ACCESS_KEY is not");
  }
  SECTION("in a file") {
    world.keys("[default]\naws_access_key_id = A\n");
    CHECK_THAT(world.failure(), ContainsSubstring("general: Partial credentials in the shared credentials file " +
                                                  world.path(".aws/credentials")));
  }
}

TEST_CASE("the order of the links") {
  AwsWorld world;
  with_keys(world);
  in_container(world);
  world.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
  world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.write("token", "HUSH-jwt");
  const std::string role = "role_arn = arn:aws:iam::1:role/r\nsource_profile = base\n";
  const std::string sso = "sso_account_id = 1\nsso_role_name = r\nsso_start_url = https://s\nsso_region = eu-west-3\n";
  const std::string process = "credential_process = " + world.write("none", "") + "\n";
  const std::string config_keys = "aws_access_key_id = CONFIG\naws_secret_access_key = HUSH-config\n";
  const std::string file_keys = "[default]\naws_access_key_id = FILE\naws_secret_access_key = HUSH-file\n";
  const std::string base = "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = HUSH-base\n";

  world.keys(file_keys);
  world.config("[default]\n" + role + sso + process + config_keys + base);
  SECTION("environment variables") { CHECK(world.id() == "ENV"); }
  world.variables.erase("AWS_ACCESS_KEY_ID");
  SECTION("the profile's role") {
    world.http.answer(200, sts_answer("AssumeRole", "ROLE", "2024-02-03T11:00:00Z"));
    CHECK(world.id() == "ROLE");
  }
  world.config("[default]\n" + sso + process + config_keys);
  SECTION("the web identity") {
    world.http.answer(200, sts_answer("AssumeRoleWithWebIdentity", "WEB", "2024-02-03T11:00:00Z"));
    CHECK(world.id() == "WEB");
  }
  world.variables.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  SECTION("SSO") { CHECK_THAT(world.failure(), ContainsSubstring("uses SSO and there is no token")); }
  world.config("[default]\n" + process + config_keys);
  SECTION("the credentials file") {
    CHECK(world.id() == "FILE");
    CHECK(world.secret() == "HUSH-file");
    CHECK_THAT(world.log, ContainsSubstring("Found credentials in the shared credentials file " +
                                            world.path(".aws/credentials") + " (profile \"default\")"));
  }
  world.keys("");
  SECTION("credential_process") { CHECK_THAT(world.failure(), ContainsSubstring("cannot run " + world.path("none"))); }
  world.config("[default]\n" + config_keys + "aws_session_token = HUSH-token\n");
  SECTION("the configuration file") {
    CHECK(world.id() == "CONFIG");
    CHECK(world.token() == "HUSH-token");
    CHECK_THAT(world.log, ContainsSubstring("Found credentials in the configuration file"));
  }
  world.config("");
  world.variables.erase("AWS_EC2_METADATA_DISABLED");
  SECTION("the container's endpoint") {
    world.http.answer(200, json_answer("CONTAINER", "2024-02-03T16:00:00Z"));
    CHECK(world.id() == "CONTAINER");
  }
  world.variables.erase("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  SECTION("instance metadata") {
    world.http.answer(200, "HUSH-imds").answer(200, "role").answer(200, json_answer("EC2", "2024-02-03T16:00:00Z"));
    CHECK(world.id() == "EC2");
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("a profile named by option goes before the variables; one named by a variable does not") {
  AwsWorld world;
  with_keys(world);
  world.keys("[x]\naws_access_key_id = X\naws_secret_access_key = HUSH-x\n");
  SECTION("option") {
    world.option = "x";
    world.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web";
    world.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.write("token", "HUSH-jwt");
    CHECK(world.id() == "X");
  }
  SECTION("variable") {
    world.variables["AWS_PROFILE"] = "x";
    CHECK(world.id() == "ENV");
  }
  SECTION("variable, without keys beside it") {
    world.variables["AWS_PROFILE"] = "x";
    world.variables.erase("AWS_ACCESS_KEY_ID");
    CHECK(world.id() == "X");
  }
  SECTION("a profile that is nowhere") {
    world.option = "gone";
    CHECK_THAT(world.failure(), ContainsSubstring("general: The AWS profile \"gone\" was not found"));
  }
}

TEST_CASE("without any credentials the error says where they were looked for, and the cure") {
  AwsWorld world;
  CHECK(world.failure() ==
        "general: Unable to locate credentials: looked in the environment variables, the profile \"default\" (role, "
        "web identity, SSO, keys, credential_process), the container's endpoint and EC2 instance metadata. Set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with credentials by --aws-profile or "
        "AWS_PROFILE");
  CHECK(world.provider().source().empty());
  CHECK(world.http.sent().empty());
}

TEST_CASE("temporary credentials are renewed five minutes before they expire, not earlier") {
  AwsWorld world;
  in_container(world);
  world.http.answer(200, json_answer("FIRST", "2024-02-03T11:00:00Z"));
  CHECK(world.id() == "FIRST");
  world.clock.advance(minutes(54) + seconds(59));
  CHECK(world.id() == "FIRST");
  world.clock.advance(seconds(1));
  world.http.answer(200, json_answer("SECOND", "2024-02-03T12:00:00Z"));
  CHECK(world.id() == "SECOND");
  CHECK(world.id() == "SECOND");
  CHECK(world.http.sent().size() == 2);
  CHECK_THAT(world.log, ContainsSubstring("Fetched new credentials from the container endpoint"));
}

TEST_CASE("a renewal that fails is a warning until the credentials have expired") {
  AwsWorld world;
  in_container(world);
  world.http.answer(200, json_answer("FIRST", "2024-02-03T11:00:00Z"));
  world.id();
  world.clock.advance(minutes(56));
  world.http.answer(403, "no");
  CHECK(world.id() == "FIRST");
  CHECK_THAT(world.log, ContainsSubstring("WARNING: Cannot renew the credentials") &&
                            ContainsSubstring("valid until 20240203T110000Z"));
  CHECK(world.id() == "FIRST");  // within the minute nobody is asked again
  CHECK(world.http.sent().size() == 2);
  world.clock.advance(minutes(2));
  world.http.answer(403, "no");
  CHECK(world.id() == "FIRST");
  world.clock.advance(minutes(2));
  world.http.answer(403, "no").answer(403, "no");
  CHECK_THAT(world.failure(), ContainsSubstring("general: Cannot get credentials from the container endpoint"));
  CHECK(world.http.sent().size() == 4);
  CHECK_THAT(world.failure(), ContainsSubstring("status 403, no"));
  world.http.answer(200, json_answer("SECOND", "2024-02-03T12:00:00Z"));
  CHECK(world.id() == "SECOND");
}

TEST_CASE("credentials that live shorter than five minutes are not fetched for every request") {
  AwsWorld world;
  in_container(world);
  world.http.answer(200, json_answer("FIRST", "2024-02-03T10:03:00Z"));
  CHECK(world.id() == "FIRST");
  world.clock.advance(seconds(59));
  CHECK(world.id() == "FIRST");
  world.clock.advance(seconds(1));
  world.http.answer(200, json_answer("SECOND", "2024-02-03T10:04:00Z"));
  CHECK(world.id() == "SECOND");
}

TEST_CASE("refused credentials are fetched anew, once") {
  AwsWorld world;
  in_container(world);
  world.http.answer(200, json_answer("FIRST", "2024-02-03T16:00:00Z"))
      .answer(200, json_answer("SECOND", "2024-02-03T16:00:00Z"));
  const AwsCredentials first = world.get();
  world.provider().refuse(first);
  CHECK(world.id() == "SECOND");
  world.provider().refuse(first);  // another thread, of the same old ones
  CHECK(world.id() == "SECOND");
  CHECK(world.http.sent().size() == 2);
}

TEST_CASE("refused permanent keys come back") {
  AwsWorld world;
  with_keys(world);
  world.provider().refuse(world.get());
  CHECK(world.id() == "ENV");
}

TEST_CASE("callers at the same time wait for one fetch") {
  AwsWorld world;
  in_container(world);
  constexpr int kThreads = 8;
  std::barrier start(kThreads);
  world.http.answer(200, json_answer("FIRST", "2024-02-03T11:00:00Z"));
  CredentialProvider& provider = world.provider();
  std::vector<std::string> ids(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        for (int round = 0; round < 50; ++round) {
          const AwsCredentials credentials = provider.get();
          provider.source();
          ids[static_cast<std::size_t>(i)] = credentials.access_key_id;
        }
        start.arrive_and_wait();
        if (i == 0) {
          world.clock.advance(minutes(56));
          world.http.answer(200, json_answer("SECOND", "2024-02-03T12:00:00Z"));
        }
        start.arrive_and_wait();
        const AwsCredentials credentials = provider.get();
        if (credentials.access_key_id == "SECOND") ids[static_cast<std::size_t>(i)] += credentials.access_key_id;
      });
    }
  }
  CHECK(ids == std::vector<std::string>(kThreads, "FIRSTSECOND"));
  CHECK(world.http.sent().size() == 2);
}
