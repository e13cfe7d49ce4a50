#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;

TEST_CASE("a login's refresh token buys a token") {
  GoogleWorld world;
  world.login(user_login());
  world.http.answer(200, token_answer("ya29.HUSH", 1800));
  const AccessToken token = world.get();
  CHECK(token.value.reveal() == "ya29.HUSH");
  CHECK(token.expires == world.clock.now() + std::chrono::minutes(30));
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].method == "POST");
  CHECK(sent[0].url == "https://oauth2.googleapis.com/token");
  CHECK(sent[0].headers == HttpHeaders{{"Content-Type", "application/x-www-form-urlencoded"}});
  CHECK(sent[0].body ==
        "grant_type=refresh_token&client_id=client-1&client_secret=HUSH-client&refresh_token=1%2F%2FHUSH-refresh");
  CHECK(world.identity().token->source() == "the user's login in " + world.login_path());
}

TEST_CASE("the login's token service") {
  GoogleWorld world;
  json login = user_login();
  std::string url = "https://127.0.0.1:8443/token";
  SECTION("named") { login["token_uri"] = url; }
  SECTION("of another universe") {
    login["universe_domain"] = "apis.example";
    world.variables["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = "apis.example";
    url = "https://oauth2.apis.example/token";
  }
  world.key(login);
  world.http.answer(200, token_answer("HUSH"));
  world.get();
  CHECK(world.http.sent().at(0).url == url);
}

TEST_CASE("a login that was revoked") {
  GoogleWorld world;
  world.key(user_login());
  world.http.answer(400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})");
  CHECK(world.failure() ==
        "general: Cannot get credentials from the token service https://oauth2.googleapis.com/token for the user's "
        "login in " +
            world.key_path() +
            ": status 400, invalid_grant: Token has been expired or revoked.; the login expired or was revoked: run "
            "gcloud auth application-default login");
}

TEST_CASE("what a login must have") {
  for (const char* member : {"client_id", "client_secret", "refresh_token"}) {
    GoogleWorld world;
    json login = user_login();
    login.erase(member);
    world.key(login);
    CHECK(world.failure() == fmt::format("general: There is no \"{}\" in {}", member, world.key_path()));
  }
}
