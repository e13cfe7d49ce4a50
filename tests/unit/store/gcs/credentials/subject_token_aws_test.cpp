#include "text/encoding.h"
#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kMetadata = "http://169.254.169.254/latest/";
const std::string kAwsKey =
    R"({"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"HUSH-key","Token":"HUSH-session",)"
    R"("Expiration":"2024-02-03T16:00:00Z"})";

json aws_source() {
  return {{"environment_id", "aws1"},
          {"region_url", kMetadata + "meta-data/placement/availability-zone"},
          {"url", kMetadata + "meta-data/iam/security-credentials"},
          {"imdsv2_session_token_url", kMetadata + "api/token"},
          {"regional_cred_verification_url",
           "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"}};
}

json aws_account(json source) {
  json key = federated(std::move(source));
  key["subject_token_type"] = "urn:ietf:params:aws:token-type:aws4_request";
  return key;
}

std::string header(const std::string& name, const std::string& value) {
  return R"({"key":")" + name + R"(","value":")" + value + R"("})";
}

// The request whose signatures were computed apart from this program.
std::string subject_token(const std::string& region, const std::string& signature, bool session) {
  const std::string names = session ? "host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource"
                                    : "host;x-amz-date;x-goog-cloud-target-resource";
  return percent_encode(
      R"({"headers":[)" + header("host", "sts." + region + ".amazonaws.com") + "," +
      header("x-goog-cloud-target-resource", kAudience) + "," + header("x-amz-date", "20240203T100000Z") + "," +
      (session ? header("x-amz-security-token", "HUSH-session") + "," : "") +
      header("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20240203/" + region +
                                  "/sts/aws4_request, SignedHeaders=" + names + ", Signature=" + signature) +
      R"(],"method":"POST","url":"https://sts.)" + region +
      R"(.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"})");
}

const std::string kOfInstance =
    subject_token("eu-west-1", "47aba22e9ba63cc1085cd881d763c696d6bbf704ea813036c90c6d6b8f8c7077", true);
const std::string kOfVariables =
    subject_token("us-east-2", "237c45374d8b1ebf48870511ab5867569c33ab15deb968452e5ba2141de924a5", false);

}  // namespace

TEST_CASE("an EC2 instance shows a request that it signed") {
  GoogleWorld world;
  world.key(aws_account(aws_source()));
  world.http.answer(200, "HUSH-imds\n").answer(200, "eu-west-1b\n").answer(200, "my role\nother").answer(200, kAwsKey);
  world.http.answer(200, token_answer("ya29.HUSH"));
  CHECK(world.token() == "ya29.HUSH");
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 5);
  CHECK(sent[0].method == "PUT");
  CHECK(sent[0].url == kMetadata + "api/token");
  CHECK(sent[0].headers == HttpHeaders{{"x-aws-ec2-metadata-token-ttl-seconds", "300"}});
  CHECK(sent[1].url == kMetadata + "meta-data/placement/availability-zone");
  CHECK(sent[2].url == kMetadata + "meta-data/iam/security-credentials");
  CHECK(sent[3].url == kMetadata + "meta-data/iam/security-credentials/my%20role");
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK_FALSE(sent[i].use_proxy);
    CHECK(sent[i].total_timeout == Duration(2000));
    if (i == 0) continue;
    CHECK(sent[i].method == "GET");
    CHECK(sent[i].headers == HttpHeaders{{"x-aws-ec2-metadata-token", "HUSH-imds"}});
  }
  CHECK(sent[4].url == "https://sts.googleapis.com/v1/token");
  CHECK(sent[4].form("subject_token") == kOfInstance);
  CHECK(sent[4].form("subject_token_type") == "urn:ietf:params:aws:token-type:aws4_request");
}

TEST_CASE("version 1 of the instance metadata, where no session is configured") {
  GoogleWorld world;
  json source = aws_source();
  source.erase("imdsv2_session_token_url");
  world.key(aws_account(source));
  world.http.answer(200, "eu-west-1b").answer(200, "role").answer(200, kAwsKey).answer(200, token_answer("one"));
  world.get();
  CHECK(world.http.sent().at(0).headers.empty());
  CHECK(world.http.sent().at(3).form("subject_token") == kOfInstance);
}

TEST_CASE("keys and region in the environment are enough") {
  GoogleWorld world;
  json source = aws_source();
  SECTION("on an instance") {}
  SECTION("elsewhere") {
    for (const char* member : {"region_url", "url", "imdsv2_session_token_url"}) source.erase(member);
  }
  world.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  world.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-key";
  SECTION("AWS_REGION wins") {
    world.variables["AWS_REGION"] = "us-east-2";
    world.variables["AWS_DEFAULT_REGION"] = "eu-west-1";
  }
  world.variables.emplace("AWS_DEFAULT_REGION", "us-east-2");
  world.key(aws_account(source));
  world.http.answer(200, token_answer("one"));
  world.get();
  REQUIRE(world.http.sent().size() == 1);
  CHECK(world.http.sent().at(0).form("subject_token") == kOfVariables);
}

TEST_CASE("a key in the environment and the region of the instance") {
  GoogleWorld world;
  world.variables["AWS_ACCESS_KEY_ID"] = "AKID";
  world.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-key";
  world.variables["AWS_SESSION_TOKEN"] = "HUSH-session";
  world.key(aws_account(aws_source()));
  world.http.answer(200, "HUSH-imds").answer(200, "eu-west-1c").answer(200, token_answer("one"));
  world.get();
  CHECK(world.http.sent().at(2).form("subject_token") == kOfInstance);
}

TEST_CASE("an instance metadata service that is of no use") {
  GoogleWorld world;
  world.key(aws_account(aws_source()));
  const std::string service = "the instance metadata service " + kMetadata;
  SECTION("not there") {
    for (int i = 0; i < 3; ++i) world.http.fail(TransportError::Stage::connect);
    CHECK(world.failure() == "network: Cannot get credentials from " + service + "api/token: scripted failure");
  }
  SECTION("refusing") {
    world.http.answer(403);
    CHECK(world.failure() == "general: Cannot get credentials from " + service + "api/token: status 403");
  }
  SECTION("without a region") {
    world.http.answer(200, "HUSH").answer(200, "");
    CHECK(world.failure() == "general: \"\" is not the name of an AWS region");
  }
  SECTION("without a role") {
    world.http.answer(200, "HUSH").answer(200, "eu-west-1b").answer(200, "\n");
    CHECK(world.failure() == "general: The instance metadata service " + kMetadata +
                                 "meta-data/iam/security-credentials knows no IAM role of this instance");
  }
  SECTION("without a key, and it tells why") {
    world.http.answer(200, "HUSH").answer(200, "eu-west-1b").answer(200, "role");
    world.http.answer(200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume the role"})");
    CHECK(world.failure() == "general: Cannot get credentials from " + service +
                                 "meta-data/iam/security-credentials/role: status 200, AssumeRoleUnauthorizedAccess: "
                                 "EC2 cannot assume the role");
  }
  SECTION("with half a key") {
    world.http.answer(200, "HUSH").answer(200, "eu-west-1b").answer(200, "role");
    world.http.answer(200, R"({"SecretAccessKey":"HUSH"})");
    CHECK(world.failure() ==
          "general: The answer of " + service + "meta-data/iam/security-credentials/role has no AccessKeyId");
  }
}

TEST_CASE("AWS sources that are set up wrongly") {
  const auto fails = [](const std::function<void(json&, GoogleWorld&)>& change, const std::string& message) {
    GoogleWorld world;
    json source = aws_source();
    change(source, world);
    world.key(aws_account(source));
    CHECK_THAT(world.failure(), ContainsSubstring("general: " + message));
    CHECK(world.http.sent().empty());
  };
  fails([](json& source, GoogleWorld&) { source["environment_id"] = "aws2"; },
        "\"environment_id\" is \"aws2\", and known is aws1, in \"credential_source\" of /");
  fails([](json& source, GoogleWorld&) { source.erase("regional_cred_verification_url"); },
        "There is no \"regional_cred_verification_url\" in \"credential_source\" of /");
  fails([](json& source, GoogleWorld&) { source.erase("region_url"); },
        "The AWS region is unknown: set AWS_REGION, for there is no \"region_url\" in \"credential_source\" of /");
  fails([](json& source, GoogleWorld&) { source.erase("url"); },
        "There is no AWS key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for there is no \"url\" in ");
  fails([](json&, GoogleWorld& world) { world.variables["AWS_REGION"] = "evil.example.com/"; },
        "\"evil.example.com/\" is not the name of an AWS region");
  for (const char* member : {"region_url", "url", "imdsv2_session_token_url", "regional_cred_verification_url"}) {
    fails([&](json& source, GoogleWorld&) { source[member] = "http://evil.example.com/"; },
          fmt::format("\"{}\" is http://evil.example.com/, where secrets must not be sent", member));
  }
}
