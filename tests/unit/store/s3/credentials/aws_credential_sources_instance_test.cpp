#include "unit/store/s3/credentials/aws_world.h"

using namespace tapster;
using namespace tapster::test;
using std::chrono::minutes;
using Stage = TransportError::Stage;

namespace {

const std::string kAnswer = json_answer("EC2", "2024-02-03T16:00:00Z");

struct Ec2World : AwsWorld {
  Ec2World() { variables.erase("AWS_EC2_METADATA_DISABLED"); }
};

}  // namespace

TEST_CASE("version 2: a token, the role's name, its credentials") {
  Ec2World world;
  world.http.answer(200, "HUSH-token\n").answer(200, "my role\n").answer(200, kAnswer);
  const AwsCredentials credentials = world.get();
  CHECK(credentials.access_key_id == "EC2");
  CHECK(credentials.session_token.reveal() == "HUSH-token-EC2");
  CHECK(credentials.expires == parse_rfc3339("2024-02-03T16:00:00Z"));
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 3);
  CHECK(sent[0].method == "PUT");
  CHECK(sent[0].url == "http://169.254.169.254/latest/api/token");
  CHECK(sent[0].header("x-aws-ec2-metadata-token-ttl-seconds") == "21600");
  CHECK(sent[0].header("x-aws-ec2-metadata-token").empty());
  CHECK(sent[1].method == "GET");
  CHECK(sent[1].url == "http://169.254.169.254/latest/meta-data/iam/security-credentials/");
  CHECK(sent[2].url == "http://169.254.169.254/latest/meta-data/iam/security-credentials/my%20role");
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(sent[i].connect_timeout == Duration(1000));
    CHECK(sent[i].total_timeout == Duration(1000));
    CHECK_FALSE(sent[i].use_proxy);
    if (i != 0) CHECK(sent[i].header("x-aws-ec2-metadata-token") == "HUSH-token");
  }
  CHECK(world.provider().source() == "EC2 instance metadata, role my role");
}

TEST_CASE("version 1 where version 2 is not there") {
  Ec2World world;
  SECTION("403") { world.http.answer(403); }
  SECTION("404") { world.http.answer(404); }
  SECTION("405") { world.http.answer(405); }
  SECTION("no answer in time") { world.http.fail(Stage::timeout); }
  world.http.answer(200, "role").answer(200, kAnswer);
  CHECK(world.id() == "EC2");
  CHECK(find_header(world.http.sent().at(2).headers, "x-aws-ec2-metadata-token") == nullptr);
}

TEST_CASE("version 1 where it is disabled") {
  Ec2World world;
  SECTION("by variable") { world.variables["AWS_EC2_METADATA_V1_DISABLED"] = "True"; }
  SECTION("by profile") { world.config("[default]\nec2_metadata_v1_disabled = true\n"); }
  world.http.answer(404);
  CHECK_THAT(world.failure(), ContainsSubstring("general: Unable to locate credentials"));
  CHECK_THAT(world.log, ContainsSubstring("version 1, which needs none, is disabled"));
  CHECK(world.http.sent().size() == 1);
}

TEST_CASE("a service that is not there is no error of its own") {
  Ec2World world;
  std::size_t requests = 1;
  SECTION("refused") { world.http.fail(Stage::connect); }
  SECTION("dropped") {
    world.http.fail(Stage::timeout).fail(Stage::timeout);
    requests = 2;
  }
  SECTION("something else at its address") { world.http.answer(400, "no"); }
  SECTION("broken") { world.http.answer(500); }
  SECTION("no role") {
    world.http.answer(200, "HUSH").answer(404);
    requests = 2;
  }
  SECTION("no role's name") {
    world.http.answer(200, "HUSH").answer(200, "\n");
    requests = 2;
  }
  SECTION("no such role") {
    world.http.answer(200, "HUSH").answer(200, "role").answer(404);
    requests = 3;
  }
  CHECK_THAT(world.failure(), ContainsSubstring("general: Unable to locate credentials"));
  CHECK(world.http.sent().size() == requests);
}

TEST_CASE("a service that was there is missed") {
  Ec2World world;
  world.http.answer(200, "HUSH").answer(200, "role").answer(200, json_answer("EC2", "2024-02-03T11:00:00Z"));
  world.id();
  world.clock.advance(minutes(61));
  SECTION("no answer") {
    world.http.fail(Stage::connect);
    CHECK_THAT(world.failure(), ContainsSubstring("network: Cannot get credentials from EC2 instance metadata"));
  }
  SECTION("broken") {
    world.http.answer(200, "HUSH").answer(500);
    CHECK(world.failure() ==
          "network: The instance metadata service at http://169.254.169.254/ answered with status 500");
  }
  SECTION("the role is gone") {
    world.http.answer(200, "HUSH").answer(404);
    CHECK(world.failure() ==
          "general: The instance metadata service at http://169.254.169.254/ knows no IAM role of this instance");
  }
}

TEST_CASE("a document that tells why there are no credentials") {
  Ec2World world;
  world.http.answer(200, "HUSH").answer(200, "role");
  world.http.answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"})");
  CHECK(world.failure() ==
        "general: Cannot get credentials from EC2 instance metadata: status 200, AssumeRoleUnauthorizedAccess: EC2 "
        "cannot "
        "assume the role");
}

TEST_CASE("during an outage credentials are used past their time") {
  Ec2World world;
  world.http.answer(200, "HUSH").answer(200, "role").answer(200, json_answer("OLD", "2024-02-03T09:50:00Z"));
  CHECK(world.id() == "OLD");
  CHECK_THAT(world.log, ContainsSubstring("WARNING: The credentials from EC2 instance metadata, role role expired at "
                                          "20240203T095000Z; using them for another 10 minutes"));
  world.clock.advance(minutes(4));
  CHECK(world.id() == "OLD");
  CHECK(world.http.sent().size() == 3);
  world.clock.advance(minutes(2));
  world.http.answer(200, "HUSH").answer(200, "role").answer(200, kAnswer);
  CHECK(world.id() == "EC2");
}

TEST_CASE("settings of the metadata service") {
  Ec2World world;
  std::string url = "http://169.254.169.254/latest/api/token";
  Duration timeout(1000);
  SECTION("an endpoint") {
    world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
    world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
    url = "http://127.0.0.1:1/latest/api/token";
  }
  SECTION("an endpoint in the profile") {
    world.config("[default]\nec2_metadata_service_endpoint = http://127.0.0.1:2/\n");
    url = "http://127.0.0.1:2/latest/api/token";
  }
  SECTION("IPv6") {
    world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "ipv6";
    url = "http://[fd00:ec2::254]/latest/api/token";
  }
  SECTION("a time-out") {
    world.variables["AWS_METADATA_SERVICE_TIMEOUT"] = "3";
    timeout = Duration(3000);
  }
  SECTION("attempts") {
    world.config("[default]\nmetadata_service_num_attempts = 3\n");
    world.http.fail(Stage::connect).answer(500);
  }
  world.http.answer(200, "HUSH").answer(200, "role").answer(200, kAnswer);
  CHECK(world.id() == "EC2");
  CHECK(world.http.sent().at(0).url == url);
  CHECK(world.http.sent().at(0).total_timeout == timeout);
}

TEST_CASE("malformed settings of the metadata service") {
  const auto fails = [](const char* variable, const char* value, const char* message) {
    Ec2World world;
    world.variables[variable] = value;
    CHECK_THAT(world.failure(), ContainsSubstring(message));
    CHECK(world.http.sent().empty());
  };
  fails("AWS_EC2_METADATA_SERVICE_ENDPOINT", "host", "is \"host\", which is no http:// URL");
  fails("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv5", "is \"IPv5\"; known are IPv4 and IPv6");
  fails("AWS_METADATA_SERVICE_TIMEOUT", "0", "which is no number from 1 to 3600");
  fails("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "two", "which is no number from 1 to 3600");
}
