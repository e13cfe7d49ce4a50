#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kWriter = R"({"accessToken":"HUSH-writer","expireTime":"2024-02-03T11:00:00Z"})";

json impersonated(json source) {
  return {{"type", "impersonated_service_account"},
          {"service_account_impersonation_url", kImpersonationUrl},
          {"delegates", {"one@p.iam.gserviceaccount.com", "two@p.iam.gserviceaccount.com"}},
          {"source_credentials", std::move(source)}};
}

}  // namespace

TEST_CASE("a login that acts as a service account") {
  GoogleWorld world;
  world.login(impersonated(user_login()));
  world.http.answer(200, token_answer("HUSH-user")).answer(200, kWriter);
  const AccessToken token = world.get();
  CHECK(token.value.reveal() == "HUSH-writer");
  CHECK(token.expires == parse_rfc3339("2024-02-03T11:00:00Z"));
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].form("refresh_token") == "1//HUSH-refresh");
  CHECK(sent[1].method == "POST");
  CHECK(sent[1].url == kImpersonationUrl);
  CHECK(sent[1].headers == HttpHeaders{{"Content-Type", "application/json"}, {"Authorization", "Bearer HUSH-user"}});
  CHECK(sent[1].body ==
        R"({"delegates":["one@p.iam.gserviceaccount.com","two@p.iam.gserviceaccount.com"],"lifetime":"3600s",)"
        R"("scope":["https://www.googleapis.com/auth/devstorage.read_write"]})");
  CHECK(world.identity().token->source() ==
        "the service account writer@p.iam.gserviceaccount.com on behalf of the user's login in "
        "\"source_credentials\" of " +
            world.login_path());
}

TEST_CASE("a service account's key that acts as another account") {
  GoogleWorld world;
  world.key(impersonated(service_account_key()));
  world.http.answer(200, token_answer("HUSH-robot")).answer(200, kWriter);
  CHECK(world.token() == "HUSH-writer");
  CHECK_FALSE(world.http.sent().at(0).form("assertion").empty());
  CHECK(world.http.sent().at(1).header("Authorization") == "Bearer HUSH-robot");
}

TEST_CASE("the caller's token is kept while it lasts") {
  GoogleWorld world;
  world.key(impersonated(user_login()));
  world.http.answer(200, token_answer("HUSH-user", 3 * 3600)).answer(200, kWriter);
  world.get();
  world.clock.advance(std::chrono::minutes(56));
  world.http.answer(200, R"({"accessToken":"HUSH-second","expireTime":"2024-02-03T12:00:00Z"})");
  CHECK(world.token() == "HUSH-second");
  REQUIRE(world.http.sent().size() == 3);
  CHECK(world.http.sent().at(2).header("Authorization") == "Bearer HUSH-user");
}

TEST_CASE("a caller's token that is refused is replaced, once") {
  GoogleWorld world;
  world.key(impersonated(user_login()));
  const std::string refusal = R"({"error":{"code":401,"message":"Expired.","status":"UNAUTHENTICATED"}})";
  world.http.answer(200, token_answer("HUSH-old")).answer(401, refusal).answer(200, token_answer("HUSH-new"));
  SECTION("and then is good") {
    world.http.answer(200, kWriter);
    CHECK(world.token() == "HUSH-writer");
  }
  SECTION("and still is not good") {
    world.http.answer(401, refusal);
    CHECK_THAT(world.failure(), ContainsSubstring("status 401, UNAUTHENTICATED: Expired."));
  }
  CHECK(world.http.sent().size() == 4);
  CHECK(world.http.sent().at(3).header("Authorization") == "Bearer HUSH-new");
}

TEST_CASE("who may not act as the account is told what is missing") {
  GoogleWorld world;
  world.key(impersonated(user_login()));
  world.http.answer(200, token_answer("HUSH"));
  world.http.answer(403, R"({"error":{"code":403,"message":"Permission denied.","status":"PERMISSION_DENIED"}})");
  CHECK_THAT(world.failure(),
             ContainsSubstring("general: Cannot get credentials from " + kImpersonationUrl +
                               " for the service account writer@p.iam.gserviceaccount.com on behalf of the user's "
                               "login in ") &&
                 ContainsSubstring("status 403, PERMISSION_DENIED: Permission denied.; whoever asks needs the role "
                                   "roles/iam.serviceAccountTokenCreator on that account"));
}

TEST_CASE("an answer without the account's token") {
  for (const char* text : {"HUSH", "[]", "{}", R"({"accessToken":"HUSH"})", R"({"expireTime":"2024-02-03T11:00:00Z"})",
                           R"({"accessToken":"HUSH","expireTime":"soon"})",
                           R"({"accessToken":"HUSH\r\nX: y","expireTime":"2024-02-03T11:00:00Z"})"}) {
    GoogleWorld world;
    world.key(impersonated(user_login()));
    world.http.answer(200, token_answer("HUSH")).answer(200, text);
    CHECK_THAT(world.failure(), ContainsSubstring("general: The answer of " + kImpersonationUrl) &&
                                    ContainsSubstring("has no accessToken with an expireTime"));
  }
}

TEST_CASE("impersonations that are set up wrongly") {
  const auto fails = [](const char* member, const json& value, const std::string& message) {
    GoogleWorld world;
    json key = impersonated(user_login());
    key[member] = value;
    world.key(key);
    CHECK(world.failure() == "general: " + message + world.key_path());
  };
  fails("source_credentials", nullptr, "There is no \"source_credentials\" in ");
  fails("source_credentials", json::object(), "There is no \"type\" in \"source_credentials\" of ");
  fails("service_account_impersonation_url", nullptr, "There is no \"service_account_impersonation_url\" in ");
  fails("delegates", "HUSH", "\"delegates\" is not a list of texts in ");
  fails("delegates", json{1}, "\"delegates\" is not a list of texts in ");
}
