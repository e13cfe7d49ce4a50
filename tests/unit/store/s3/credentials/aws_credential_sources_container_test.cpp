#include "unit/store/s3/credentials/aws_world.h"

using namespace tapster;
using namespace tapster::test;
using Stage = TransportError::Stage;

namespace {

const std::string kAnswer = json_answer("CONTAINER", "2024-02-03T16:00:00Z");

}  // namespace

TEST_CASE("ECS: a path at the agent's address") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1?x=y\n";
  world.http.answer(200, kAnswer);
  const AwsCredentials credentials = world.get();
  CHECK(credentials.access_key_id == "CONTAINER");
  CHECK(credentials.secret_access_key.reveal() == "HUSH-CONTAINER");
  CHECK(credentials.session_token.reveal() == "HUSH-token-CONTAINER");
  CHECK(credentials.expires == parse_rfc3339("2024-02-03T16:00:00Z"));
  const SentRequest sent = world.http.sent().at(0);
  CHECK(sent.method == "GET");
  CHECK(sent.url == "http://169.254.170.2/v2/credentials/1?x=y");
  CHECK_FALSE(sent.use_proxy);
  CHECK(sent.total_timeout == Duration(2000));
  CHECK(sent.header("Authorization").empty());
  CHECK_THAT(world.log, ContainsSubstring("Found credentials in the container endpoint http://169.254.170.2/v2/"));
}

TEST_CASE("EKS Pod Identity: an address, and a token file that is read each time") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "HUSH-of-no-account";
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = world.write("token", "HUSH-1\n");
  world.http.answer(200, json_answer("A", "2024-02-03T11:00:00Z"))
      .answer(200, json_answer("B", "2024-02-03T12:00:00Z"));
  CHECK(world.id() == "A");
  world.write("token", "HUSH-2\n");
  world.clock.advance(std::chrono::minutes(58));
  CHECK(world.id() == "B");
  CHECK(world.http.sent().at(0).header("Authorization") == "HUSH-1");
  CHECK(world.http.sent().at(1).header("Authorization") == "HUSH-2");
}

TEST_CASE("a token in a variable") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "https://credentials.example.com/";
  world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Basic HUSH\n";
  world.http.answer(200, kAnswer);
  CHECK(world.id() == "CONTAINER");
  CHECK(world.http.sent().at(0).header("Authorization") == "Basic HUSH");
}

TEST_CASE("tokens that cannot be sent") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/";
  SECTION("two lines in the file") {
    world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = world.write("token", "HUSH\nX-Header: HUSH");
    CHECK(world.failure() ==
          "general: The container authorization token in " + world.path("token") + " must be one line");
  }
  SECTION("two lines in the variable") {
    world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "HUSH\nX-Header: HUSH";
    CHECK(world.failure() == "general: The container authorization token must be one line");
  }
  SECTION("nothing in the file") {
    world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = world.write("token", "\n");
    CHECK_THAT(world.failure(), ContainsSubstring("must be one line"));
  }
  SECTION("no file") {
    world.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = world.path("gone");
    CHECK(world.failure() ==
          "general: There is no file " + world.path("gone") + " (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)");
  }
  CHECK(world.http.sent().empty());
}

TEST_CASE("clear text goes to hosts of this machine only") {
  for (const char* url : {"http://127.0.0.1/x", "http://127.8.8.8:80", "http://[::1]:1234/x", "http://LOCALHOST:1/",
                          "http://169.254.170.2/", "http://169.254.170.23/v1", "http://[fd00:ec2::23]/v1",
                          "https://anywhere.example.com/x"}) {
    AwsWorld world;
    world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    world.http.answer(200, kAnswer);
    CHECK(world.id() == "CONTAINER");
    CHECK(world.http.sent().at(0).url == url);
  }
  for (const char* url : {"http://192.168.1.1/", "http://example.com/", "http://127.0.0.1.example.com/",
                          "http://127.0.0.1@example.com/", "http://example.com\\@127.0.0.1/", "http://[::1", "http://",
                          "ftp://localhost/", "localhost", "http://169.254.170.3/", "https://h/a b"}) {
    AwsWorld world;
    world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    CHECK_THAT(world.failure(), ContainsSubstring("general: AWS_CONTAINER_CREDENTIALS_FULL_URI must be https://"));
    CHECK(world.http.sent().empty());
  }
}

TEST_CASE("a relative URI is a path") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "@example.com/";
  CHECK(world.failure() == "general: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must start with a slash");
}

TEST_CASE("the endpoint gets three attempts") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/";
  SECTION("and one is enough") {
    world.http.fail(Stage::timeout).answer(500).answer(200, kAnswer);
    CHECK(world.id() == "CONTAINER");
    CHECK(world.clock.sleeps() == std::vector<Duration>{Duration(1000), Duration(2000)});
  }
  SECTION("no answer at all: a network error") {
    world.http.fail(Stage::connect).fail(Stage::connect).fail(Stage::connect);
    CHECK(world.failure() ==
          "network: Cannot get credentials from the container endpoint http://localhost/: scripted failure");
  }
  SECTION("5xx to the end: a network error") {
    world.http.answer(500).answer(503).answer(503);
    CHECK(world.failure() ==
          "network: Cannot get credentials from the container endpoint http://localhost/: status 503");
  }
  SECTION("a failure that another attempt would not change") {
    world.http.fail(Stage::tls, false);
    CHECK_THAT(world.failure(), ContainsSubstring("general: Cannot get credentials"));
  }
  SECTION("a refusal, with its reason on one line") {
    world.http.answer(400, R"({"code":"InvalidIdToken","message":"the token\nhas expired"})");
    CHECK(world.failure() ==
          "general: Cannot get credentials from the container endpoint http://localhost/: status 400, InvalidIdToken: "
          "the token has expired");
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("malformed answers") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/";
  const std::string start = "general: The answer of the container endpoint http://localhost/ ";
  SECTION("no JSON") {
    world.http.answer(200, "HUSH <html>");
    CHECK(world.failure() == start + "is not a JSON object with credentials");
  }
  SECTION("no secret") {
    world.http.answer(200, R"({"AccessKeyId":"A","Token":"HUSH"})");
    CHECK(world.failure() == start + "has no SecretAccessKey");
  }
  SECTION("members of the wrong type") {
    world.http.answer(200, R"({"AccessKeyId":7,"SecretAccessKey":"HUSH"})");
    CHECK(world.failure() == start + "has no AccessKeyId");
  }
  SECTION("no time") {
    world.http.answer(200, json_answer("A", "tomorrow"));
    CHECK(world.failure() == start + "has an Expiration that is no time: \"tomorrow\"");
  }
  SECTION("credentials that expired") {
    world.http.answer(200, json_answer("A", "2024-02-03T09:00:00Z"));
    CHECK_THAT(world.failure(),
               ContainsSubstring("expired at 20240203T090000Z; renew them there (or check the clock)"));
  }
}

TEST_CASE("credentials without an expiration are permanent") {
  AwsWorld world;
  world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/";
  world.http.answer(200, R"({"AccessKeyId":"A","SecretAccessKey":"HUSH","Expiration":null})");
  CHECK_FALSE(world.get().expires);
  world.clock.advance(std::chrono::hours(1000));
  CHECK(world.id() == "A");
}
