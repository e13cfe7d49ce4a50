#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;
using Stage = TransportError::Stage;

namespace {

const std::string kService = "the token service https://oauth2.googleapis.com/token for the user's login in ";

}  // namespace

TEST_CASE("token services are asked again when that may help") {
  GoogleWorld world;
  world.key(user_login());
  SECTION("unavailable") { world.http.answer(503, "HUSH").answer(429); }
  SECTION("no answer") { world.http.fail(Stage::connect).fail(Stage::timeout); }
  world.http.answer(200, token_answer("HUSH-1"));
  CHECK(world.token() == "HUSH-1");
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 3);
  CHECK(sent[2].body == sent[0].body);
  CHECK(world.clock.sleeps() == std::vector{Duration(500), Duration(1000)});
}

TEST_CASE("token services that stay away are network failures") {
  GoogleWorld world;
  world.key(user_login());
  const std::string start = "network: Cannot get credentials from " + kService + world.key_path() + ": ";
  SECTION("unavailable") {
    for (int i = 0; i < 3; ++i) world.http.answer(503, "Service Unavailable");
    CHECK(world.failure() == start + "status 503, Service Unavailable");
  }
  SECTION("no answer") {
    for (int i = 0; i < 3; ++i) world.http.fail(Stage::connect);
    CHECK(world.failure() == start + "scripted failure");
  }
  CHECK(world.http.sent().size() == 3);
}

TEST_CASE("a refusal is told in Google's words") {
  GoogleWorld world;
  world.key(user_login());
  std::string reason;
  SECTION("an OAuth error") {
    world.http.answer(401, R"({"error":"deleted_client","error_description":"The OAuth client was deleted."})");
    reason = "status 401, deleted_client: The OAuth client was deleted.";
  }
  SECTION("an OAuth error without a description, and its cure") {
    world.http.answer(401, R"({"error":"invalid_client"})");
    reason = "status 401, invalid_client; the login's client is unknown: run gcloud auth application-default login";
  }
  SECTION("an error of an API") {
    world.http.answer(403, R"({"error":{"code":403,"message":"Denied\nfor good","status":"PERMISSION_DENIED"}})");
    reason = "status 403, PERMISSION_DENIED: Denied for good";
  }
  SECTION("a text") {
    world.http.answer(407, "<html>\r\nProxy\r\n</html>");
    reason = "status 407, <html> Proxy </html>";
  }
  SECTION("nothing") {
    world.http.answer(404);
    reason = "status 404";
  }
  SECTION("a redirection") {
    world.http.answer(302, "", {{"Location", "https://login.example.com/"}});
    reason = "status 302";
  }
  CHECK(world.failure() == "general: Cannot get credentials from " + kService + world.key_path() + ": " + reason);
  CHECK(world.http.sent().size() == 1);
}

TEST_CASE("an answer without a usable token") {
  GoogleWorld world;
  world.key(user_login());
  std::string what;
  SECTION("no JSON") {
    world.http.answer(200, "HUSH");
    what = "is not a JSON object with a token";
  }
  SECTION("no object") {
    world.http.answer(200, "[\"HUSH\"]");
    what = "is not a JSON object with a token";
  }
  SECTION("no token") {
    world.http.answer(200, R"({"id_token":"HUSH","expires_in":3599})");
    what = "has no access_token";
  }
  SECTION("a token that would split the header") {
    world.http.answer(200, R"({"access_token":"HUSH\r\nX: y","expires_in":3599})");
    what = "has an access_token of several lines";
  }
  SECTION("no expiry") {
    world.http.answer(200, R"({"access_token":"HUSH"})");
    what = "has no usable expires_in";
  }
  SECTION("an expiry that is none") {
    world.http.answer(200, R"({"access_token":"HUSH","expires_in":"soon"})");
    what = "has no usable expires_in";
  }
  SECTION("an expiry in the past") {
    world.http.answer(200, R"({"access_token":"HUSH","expires_in":-1})");
    what = "has no usable expires_in";
  }
  SECTION("an expiry beyond time") {
    world.http.answer(200, R"({"access_token":"HUSH","expires_in":9223372036854775807})");
    what = "has no usable expires_in";
  }
  CHECK(world.failure() == "general: The answer of " + kService + world.key_path() + " " + what);
}

TEST_CASE("an expiry may be a number in a text") {
  GoogleWorld world;
  world.key(user_login());
  world.http.answer(200, R"({"access_token":"HUSH","expires_in":"600"})");
  CHECK(world.get().expires == world.clock.now() + std::chrono::minutes(10));
}

TEST_CASE("a token that has expired on arrival") {
  GoogleWorld world;
  world.key(user_login());
  world.http.answer(200, token_answer("HUSH", 0));
  CHECK_THAT(world.failure(), ContainsSubstring("expired at 20240203T100000Z; renew them there (or check the clock)"));
}

TEST_CASE("the time that a token takes to come is taken off its life") {
  GoogleWorld world;
  world.key(user_login());
  const TimePoint asked = world.clock.now();
  world.http.then([&](const SentRequest&) {
    world.clock.advance(std::chrono::seconds(20));
    return HttpResponse{200, {}, token_answer("HUSH", 600)};
  });
  CHECK(world.get().expires == asked + std::chrono::minutes(10));
}

TEST_CASE("a failed renewal is a warning as long as the token is valid") {
  GoogleWorld world;
  world.key(user_login());
  world.http.answer(200, token_answer("HUSH-1", 3600));
  world.get();
  world.clock.advance(std::chrono::minutes(56));
  world.http.answer(400, R"({"error":"invalid_grant"})");
  CHECK(world.token() == "HUSH-1");
  CHECK_THAT(world.log, ContainsSubstring("WARNING: Cannot renew the credentials from the user's login in"));
  world.clock.advance(std::chrono::minutes(5));
  world.http.answer(400, R"({"error":"invalid_grant"})");
  CHECK_THAT(world.failure(), ContainsSubstring("general: Cannot get credentials from " + kService));
}
