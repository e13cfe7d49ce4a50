#include "unit/store/s3/credentials/aws_world.h"

#include <nlohmann/json.hpp>

using namespace tapster;
using namespace tapster::test;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

// SHA-1 of "corp" and of "https://start".
const std::string kSessionCache = ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json";
const std::string kLegacyCache = ".aws/sso/cache/6ad0e7e61d1f47e491ea32c2031add41ef92e07d.json";

const std::string kSession =
    "[default]\nsso_session = corp\nsso_account_id = 123\nsso_role_name = Data Base\n"
    "[sso-session corp]\nsso_start_url = https://start\nsso_region = eu-west-3\n";

std::string role_answer(const std::string& id, TimePoint expires) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(expires.time_since_epoch()).count();
  return R"({"roleCredentials":{"accessKeyId":")" + id + R"(","secretAccessKey":"HUSH-)" + id +
         R"(","sessionToken":"HUSH-token-)" + id + R"(","expiration":)" + std::to_string(milliseconds) + "}}";
}

std::string cached(const std::string& access, const std::string& expires, const std::string& more = "") {
  return R"({"startUrl":"https://start","region":"eu-west-3","accessToken":")" + access + R"(","expiresAt":")" +
         expires + "\"" + more + "}";
}

const std::string kRenewable = R"(,"refreshToken":"HUSH-refresh","clientId":"client","clientSecret":"HUSH-client",)"
                               R"("registrationExpiresAt":"2024-03-01T00:00:00Z")";

}  // namespace

TEST_CASE("the token of an SSO session buys a role's credentials") {
  AwsWorld world;
  world.config(kSession);
  world.write(kSessionCache, cached("HUSH-access", "2024-02-03T18:00:00Z"));
  world.http.answer(200, role_answer("SSO", world.clock.now() + hours(1)));
  const AwsCredentials credentials = world.get();
  CHECK(credentials.access_key_id == "SSO");
  CHECK(credentials.secret_access_key.reveal() == "HUSH-SSO");
  CHECK(credentials.session_token.reveal() == "HUSH-token-SSO");
  CHECK(credentials.expires == world.clock.now() + hours(1));
  const SentRequest sent = world.http.sent().at(0);
  CHECK(sent.method == "GET");
  CHECK(sent.url ==
        "https://portal.sso.eu-west-3.amazonaws.com/federation/credentials?account_id=123&role_name=Data%20Base");
  CHECK(sent.header("x-amz-sso_bearer_token") == "HUSH-access");
  CHECK(sent.header("Authorization").empty());
  CHECK_THAT(world.log, ContainsSubstring("Found credentials in SSO, role Data Base of account 123"));
}

TEST_CASE("the older form of SSO profiles") {
  AwsWorld world;
  world.config(
      "[default]\nsso_start_url = https://start\nsso_region = cn-north-1\nsso_account_id = 1\nsso_role_name = r\n");
  SECTION("with a token, whose time the AWS CLI once wrote with UTC") {
    world.write(kLegacyCache, cached("HUSH-access", "2024-02-03T18:00:00UTC"));
    world.http.answer(200, role_answer("SSO", world.clock.now() + hours(1)));
    CHECK(world.id() == "SSO");
    CHECK_THAT(world.http.sent().at(0).url, ContainsSubstring("https://portal.sso.cn-north-1.amazonaws.com.cn/"));
  }
  SECTION("with a token that expired, which is not renewed") {
    world.write(kLegacyCache, cached("HUSH-access", "2024-02-03T09:00:00Z", kRenewable));
    CHECK(world.failure() ==
          "general: The SSO token of profile \"default\" expired at 20240203T090000Z; run: aws sso login --profile "
          "default");
    CHECK(world.http.sent().empty());
  }
}

TEST_CASE("an SSO token that expired is renewed, and the cache left as it is") {
  AwsWorld world;
  world.config(kSession);
  const std::string cache = cached("HUSH-old", "2024-02-03T09:59:00Z", kRenewable);
  world.write(kSessionCache, cache);
  world.http.answer(200, R"({"accessToken":"HUSH-new","expiresIn":3600,"refreshToken":"HUSH-refresh-2"})");
  world.http.answer(200, role_answer("SSO", world.clock.now() + hours(2)));
  CHECK(world.id() == "SSO");
  const SentRequest renewal = world.http.sent().at(0);
  CHECK(renewal.method == "POST");
  CHECK(renewal.url == "https://oidc.eu-west-3.amazonaws.com/token");
  CHECK(renewal.header("Content-Type") == "application/json");
  CHECK(nlohmann::json::parse(renewal.body) == nlohmann::json{{"grantType", "refresh_token"},
                                                              {"clientId", "client"},
                                                              {"clientSecret", "HUSH-client"},
                                                              {"refreshToken", "HUSH-refresh"}});
  CHECK(world.http.sent().at(1).header("x-amz-sso_bearer_token") == "HUSH-new");
  std::ifstream file(world.path(kSessionCache));
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == cache);

  SECTION("and the next time with the new refresh token") {
    world.clock.advance(minutes(116));
    world.http.answer(200, R"({"accessToken":"HUSH-third","expiresIn":3600})");
    world.http.answer(200, role_answer("SSO2", world.clock.now() + hours(2)));
    CHECK(world.id() == "SSO2");
    CHECK_THAT(world.http.sent().at(2).body, ContainsSubstring("HUSH-refresh-2"));
  }
  SECTION("unless somebody has logged in again") {
    world.clock.advance(minutes(116));
    world.write(kSessionCache, cached("HUSH-login", "2024-02-03T20:00:00Z"));
    world.http.answer(200, role_answer("SSO2", world.clock.now() + hours(2)));
    CHECK(world.id() == "SSO2");
    CHECK(world.http.sent().at(2).header("x-amz-sso_bearer_token") == "HUSH-login");
  }
}

TEST_CASE("SSO tokens that cannot be renewed ask for a login") {
  AwsWorld world;
  world.config(kSession);
  const std::string cure = "; run: aws sso login --profile default";
  SECTION("nothing to renew it with") {
    world.write(kSessionCache, cached("HUSH-old", "2024-02-03T09:59:00Z"));
    CHECK(world.failure() == "general: The SSO token of profile \"default\" expired at 20240203T095900Z" + cure);
  }
  SECTION("a registration that expired") {
    std::string renewable = kRenewable;
    renewable.replace(renewable.find("2024-03"), 7, "2024-01");
    world.write(kSessionCache, cached("HUSH-old", "2024-02-03T09:59:00Z", renewable));
    CHECK_THAT(world.failure(), ContainsSubstring("expired at 20240203T095900Z" + cure));
  }
  SECTION("refused") {
    world.write(kSessionCache, cached("HUSH-old", "2024-02-03T09:59:00Z", kRenewable));
    world.http.answer(400, R"({"error":"invalid_grant","error_description":"Invalid refresh token"})");
    CHECK(world.failure() ==
          "general: The SSO token of profile \"default\" expired and cannot be renewed (invalid_grant: Invalid refresh "
          "token)" +
              cure);
  }
  SECTION("malformed") {
    world.write(kSessionCache, cached("HUSH-old", "2024-02-03T09:59:00Z", kRenewable));
    world.http.answer(200, R"({"accessToken":"HUSH","expiresIn":"HUSH"})");
    CHECK_THAT(world.failure(), ContainsSubstring("cannot be renewed (a malformed answer)" + cure));
  }
  SECTION("a token service that is down") {
    world.write(kSessionCache, cached("HUSH-old", "2024-02-03T09:59:00Z", kRenewable));
    world.http.answer(503).answer(503).answer(503);
    CHECK(
        world.failure() ==
        "network: Cannot get credentials from the SSO token service https://oidc.eu-west-3.amazonaws.com: status 503");
  }
  SECTION("no token") {
    CHECK(world.failure() ==
          "general: The profile \"default\" uses SSO and there is no token in " + world.path(kSessionCache) + cure);
  }
  for (const char* text : {"HUSH", "{}", R"({"accessToken":"HUSH"})", R"({"accessToken":"HUSH","expiresAt":"x"})",
                           R"({"accessToken":7,"expiresAt":"2024-02-03T18:00:00Z"})"}) {
    DYNAMIC_SECTION("a malformed token " << text) {
      world.write(kSessionCache, text);
      CHECK(world.failure() == "general: The SSO token in " + world.path(kSessionCache) + " is malformed" + cure);
    }
  }
}

TEST_CASE("what the SSO portal may answer") {
  AwsWorld world;
  world.config(kSession);
  world.write(kSessionCache, cached("HUSH-access", "2024-02-03T18:00:00Z"));
  const std::string portal = "the SSO portal https://portal.sso.eu-west-3.amazonaws.com";
  SECTION("a refused token") {
    world.http.answer(401, R"({"message":"Session token not found or invalid"})");
    CHECK(world.failure() ==
          "general: The SSO portal https://portal.sso.eu-west-3.amazonaws.com refused the token of profile \"default\" "
          "(Session token not found or invalid); run: aws sso login --profile default");
  }
  SECTION("a role that is not ours") {
    world.http.answer(403, R"({"message":"No access"})");
    CHECK(world.failure() == "general: Cannot get credentials from " + portal + ": status 403, No access");
  }
  SECTION("nothing of use") {
    world.http.answer(200, "{}");
    CHECK_THAT(world.failure(), ContainsSubstring("has no roleCredentials"));
  }
  SECTION("half of the credentials") {
    world.http.answer(200, R"({"roleCredentials":{"accessKeyId":"A"}})");
    CHECK(world.failure() == "general: The answer of " + portal + " has no secretAccessKey");
  }
}

TEST_CASE("SSO endpoints may be configured") {
  AwsWorld world;
  world.config(kSession);
  world.variables["AWS_ENDPOINT_URL_SSO"] = "http://sso.local/";
  world.variables["AWS_ENDPOINT_URL_SSO_OIDC"] = "http://oidc.local/";
  world.write(kSessionCache, cached("HUSH-old", "2024-02-03T09:59:00Z", kRenewable));
  world.http.answer(200, R"({"accessToken":"HUSH-new","expiresIn":3600})");
  world.http.answer(200, role_answer("SSO", world.clock.now() + hours(1)));
  CHECK(world.id() == "SSO");
  CHECK(world.http.sent().at(0).url == "http://oidc.local/token");
  CHECK_THAT(world.http.sent().at(1).url, ContainsSubstring("http://sso.local/federation/credentials?"));
}

TEST_CASE("incomplete SSO profiles") {
  AwsWorld world;
  SECTION("a session that is not there") {
    world.config("[default]\nsso_session = gone\nsso_account_id = 1\nsso_role_name = r\n");
    CHECK_THAT(world.failure(), ContainsSubstring("names the section [sso-session gone], which is not in"));
  }
  SECTION("a session without a region") {
    world.config(
        "[default]\nsso_session = x\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-3\n"
        "[sso-session x]\nsso_start_url = u\n");
    CHECK(world.failure() == "general: The profile \"default\" uses SSO, but sso_region is missing");
  }
  SECTION("no role") {
    world.config("[default]\nsso_account_id = 1\n");
    CHECK(world.failure() == "general: The profile \"default\" uses SSO, but sso_role_name is missing");
  }
}
