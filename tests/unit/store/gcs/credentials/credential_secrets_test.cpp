// Whatever the services answer, and to whichever credentials: nothing secret stands in a message or in the log. The
// world searches both for the marks that every secret carries here.
#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;
using Stage = TransportError::Stage;

namespace {

struct Kind {
  std::string name;
  json key;           // null: none, the metadata server
  int good_requests;  // that are answered well before the last one
};

std::vector<Kind> kinds(const GoogleWorld& world) {
  const json impersonated = {{"type", "impersonated_service_account"},
                             {"service_account_impersonation_url", kImpersonationUrl},
                             {"source_credentials", service_account_key()}};
  const json from_url = federated({{"url", "https://tokens.example.com/?key=HUSH"}, {"headers", {{"X-Key", "HUSH"}}}});
  return {{"a service account", service_account_key(), 0},
          {"a login", user_login(), 0},
          {"a federated identity by file", federated({{"file", world.path("token")}}), 0},
          {"a federated identity by URL, there", from_url, 0},
          {"a federated identity by URL, at Google's", from_url, 1},
          {"an impersonated account, its caller", impersonated, 0},
          {"an impersonated account", impersonated, 1},
          {"the machine's account", json(), 0}};
}

void check_silence(const std::function<void(FakeHttp&)>& misbehave) {
  const GoogleWorld paths;
  for (std::size_t i = 0; i < kinds(paths).size(); ++i) {
    GoogleWorld world;
    const Kind kind = kinds(world)[i];
    INFO(kind.name);
    world.write("token", "HUSH-subject");
    if (!kind.key.is_null()) world.key(kind.key);
    // Good for an access token, and for a subject token.
    for (int good = 0; good < kind.good_requests; ++good) world.http.answer(200, token_answer("HUSH"));
    misbehave(world.http);
    const std::string failure = world.failure();
    CHECK(failure != "no failure");
    CHECK(failure.size() < 1500);
    CHECK(world.http.sent().size() > static_cast<std::size_t>(kind.good_requests));
  }
}

}  // namespace

TEST_CASE("no secret is told after an answer without credentials") {
  const std::string token = R"("access_token":"HUSH","accessToken":"HUSH")";
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("null"), "{" + token + "}", "[{" + token + "}]",
        "{" + token + R"(,"expires_in":"HUSH","expireTime":"HUSH"})", "{" + token + R"(,"expires_in":-5})",
        std::string(R"({"access_token":["HUSH"],"accessToken":{"HUSH":1}})"),
        std::string("{\"access_token\":\"HUSH\xff\"}")}) {
    INFO(text);
    check_silence([&](FakeHttp& http) {
      // A URL's answer may be a subject token as it stands: the next one, at Google's, is as bad.
      http.answer(200, text, {{"Metadata-Flavor", "Google"}}).answer(200, text);
    });
  }
}

TEST_CASE("no secret is told after a refusal") {
  for (const int status : {302, 400, 401, 403, 404, 409}) {
    check_silence([&](FakeHttp& http) {
      for (int i = 0; i < 4; ++i) {
        http.answer(status, R"({"error":"invalid_grant","error_description":"no","id_token":"HUSH"})",
                    {{"Metadata-Flavor", "Google"}, {"Location", "https://HUSH/"}});
      }
    });
  }
}

TEST_CASE("no secret is told after a service's failures") {
  for (const int status : {429, 500, 503}) {
    check_silence([&](FakeHttp& http) {
      for (int i = 0; i < 3; ++i) http.answer(status, "{}", {{"Metadata-Flavor", "Google"}});
    });
  }
}

TEST_CASE("no secret is told when nobody answers") {
  for (const Stage stage : {Stage::resolve, Stage::connect, Stage::proxy, Stage::tls, Stage::send, Stage::receive}) {
    check_silence([&](FakeHttp& http) {
      for (int i = 0; i < 3; ++i) http.fail(stage);
    });
  }
  check_silence([](FakeHttp& http) { http.fail(Stage::tls, false); });
}
