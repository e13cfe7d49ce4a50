#include "text/encoding.h"
#include "unit/store/gcs/credentials/google_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kForm =
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
    "&audience=%2F%2Fiam.googleapis.com%2Fprojects%2F12%2Flocations%2Fglobal%2FworkloadIdentityPools%2Fpool%2Fproviders"
    "%2Fcluster"
    "&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fdevstorage.read_write"
    "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
    "&subject_token=HUSH-subject&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt";

json url_source(const std::string& url) {
  return {{"url", url},
          {"headers", {{"Metadata", "True"}, {"X-Key", "HUSH key"}}},
          {"format", {{"type", "json"}, {"subject_token_field_name", "id_token"}}}};
}

}  // namespace

TEST_CASE("a subject token in a file buys a token") {
  GoogleWorld world;
  world.write("token", "HUSH-subject\n");
  world.key(federated({{"file", world.path("token")}}));
  world.http.answer(200, token_answer("ya29.HUSH"));
  CHECK(world.token() == "ya29.HUSH");
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].method == "POST");
  CHECK(sent[0].url == "https://sts.googleapis.com/v1/token");
  CHECK(sent[0].headers == HttpHeaders{{"Content-Type", "application/x-www-form-urlencoded"}});
  CHECK(sent[0].body == kForm);
  CHECK(world.identity().token->source() ==
        "the federated identity of " + world.key_path() + " (by the token file " + world.path("token") + ")");
}

TEST_CASE("the file is read each time, for whoever mounts it replaces it") {
  GoogleWorld world;
  world.write("token", "HUSH-subject");
  world.key(federated({{"file", world.path("token")}}));
  world.http.answer(200, token_answer("one", 600)).answer(200, token_answer("two"));
  CHECK(world.token() == "one");
  world.write("token", "HUSH-new");
  world.clock.advance(std::chrono::minutes(6));
  CHECK(world.token() == "two");
  CHECK(world.http.sent().at(1).form("subject_token") == "HUSH-new");
}

TEST_CASE("a subject token in a JSON file") {
  GoogleWorld world;
  const json source = {{"file", world.path("token")},
                       {"format", {{"type", "json"}, {"subject_token_field_name", "access token"}}}};
  const std::string place = "the token file " + world.path("token");
  world.key(federated(source));
  SECTION("is taken from its member") {
    world.write("token", R"({"access token": "HUSH-subject", "more": 1})");
    world.http.answer(200, token_answer("one"));
    world.get();
    CHECK(world.http.sent().at(0).body == kForm);
  }
  SECTION("must be there") {
    for (const char* text : {"HUSH", "[]", "{}", R"({"access token": ["HUSH"]})"}) {
      world.write("token", text);
      CHECK(world.failure() == "general: There is no subject token in " + place +
                                   ": a JSON object with a text \"access token\" is expected");
    }
  }
  SECTION("must not be empty") {
    world.write("token", R"({"access token": ""})");
    CHECK(world.failure() == "general: The subject token in " + place + " is empty");
  }
}

TEST_CASE("a subject token file that is not there, or empty") {
  GoogleWorld world;
  world.key(federated({{"file", world.path("token")}}));
  CHECK(world.failure() == "general: There is no subject token file " + world.path("token"));
  world.write("token", " \n");
  CHECK(world.failure() == "general: The subject token in the token file " + world.path("token") + " is empty");
  CHECK(world.http.sent().empty());
}

TEST_CASE("a subject token behind a URL") {
  GoogleWorld world;
  std::string url;
  bool proxy = false;
  SECTION("on this machine") { url = "http://127.0.0.1:8080/token?resource=x"; }
  SECTION("link-local") { url = "http://169.254.169.254/metadata/identity/oauth2/token?resource=x"; }
  SECTION("elsewhere") {
    url = "https://tokens.example.com/?key=HUSH";
    proxy = true;
  }
  world.key(federated(url_source(url)));
  world.http.answer(200, R"({"id_token":"HUSH-subject"})").answer(200, token_answer("one"));
  CHECK(world.token() == "one");
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].method == "GET");
  CHECK(sent[0].url == url);
  CHECK(sent[0].headers == HttpHeaders{{"Metadata", "True"}, {"X-Key", "HUSH key"}});
  CHECK(sent[0].use_proxy == proxy);
  CHECK(sent[1].body == kForm);
}

TEST_CASE("a subject token service that is of no use") {
  GoogleWorld world;
  const std::string service = "the subject token service https://tokens.example.com/t";
  world.key(federated(url_source("https://tokens.example.com/t?key=HUSH")));
  SECTION("refuses") {
    world.http.answer(403, "no");
    CHECK(world.failure() == "general: Cannot get credentials from " + service + ": status 403, no");
  }
  SECTION("fails") {
    world.http.answer(500).answer(500).answer(500);
    CHECK(world.failure() == "network: Cannot get credentials from " + service + ": status 500");
  }
  SECTION("does not answer") {
    for (int i = 0; i < 3; ++i) world.http.fail(TransportError::Stage::connect);
    CHECK(world.failure() == "network: Cannot get credentials from " + service + ": scripted failure");
  }
  SECTION("answers something else") {
    world.http.answer(200, "HUSH");
    CHECK(world.failure() == "general: There is no subject token in the answer of " + service +
                                 ": a JSON object with a text \"id_token\" is expected");
  }
}

TEST_CASE("a client of the security token service shows its secret") {
  GoogleWorld world;
  world.write("token", "HUSH-subject");
  json key = federated({{"file", world.path("token")}});
  key["client_id"] = "client";
  key["client_secret"] = "HUSH";
  key["workforce_pool_user_project"] = "billed";
  world.key(key);
  world.http.answer(200, token_answer("one"));
  world.get();
  CHECK(world.http.sent().at(0).header("Authorization") == "Basic Y2xpZW50OkhVU0g=");
  CHECK(world.http.sent().at(0).body == kForm);
}

TEST_CASE("a workforce identity names the project that is billed") {
  GoogleWorld world;
  world.write("token", "HUSH-subject");
  json key = federated({{"file", world.path("token")}});
  key["workforce_pool_user_project"] = "billed";
  world.key(key);
  world.http.answer(200, token_answer("one"));
  world.get();
  CHECK(world.http.sent().at(0).body == kForm + "&options=%7B%22userProject%22%3A%22billed%22%7D");
}

TEST_CASE("the security token service of the universe") {
  GoogleWorld world;
  world.write("token", "HUSH-subject");
  json key = federated({{"file", world.path("token")}});
  key.erase("token_url");
  std::string url = "https://sts.googleapis.com/v1/token";
  SECTION("Google's") {}
  SECTION("another") {
    key["universe_domain"] = "apis.example";
    world.variables["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = "apis.example";
    url = "https://sts.apis.example/v1/token";
  }
  world.key(key);
  world.http.answer(200, token_answer("one"));
  world.get();
  CHECK(world.http.sent().at(0).url == url);
}

TEST_CASE("a federated identity that acts as a service account") {
  GoogleWorld world;
  world.write("token", "HUSH-subject");
  json key = federated({{"file", world.path("token")}});
  key["service_account_impersonation_url"] = kImpersonationUrl;
  std::string lifetime = "3600s";
  SECTION("for an hour") {}
  SECTION("for as long as it says") {
    key["service_account_impersonation"] = {{"token_lifetime_seconds", 1200}};
    lifetime = "1200s";
  }
  world.key(key);
  world.http.answer(200, token_answer("HUSH-federated"));
  world.http.answer(200, R"({"accessToken":"HUSH-writer","expireTime":"2024-02-03T11:00:00Z"})");
  const AccessToken token = world.get();
  CHECK(token.value.reveal() == "HUSH-writer");
  CHECK(token.expires == parse_rfc3339("2024-02-03T11:00:00Z"));
  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 2);
  CHECK(sent[0].form("scope") == "https://www.googleapis.com/auth/iam");
  CHECK(sent[1].method == "POST");
  CHECK(sent[1].url == kImpersonationUrl);
  CHECK(sent[1].headers ==
        HttpHeaders{{"Content-Type", "application/json"}, {"Authorization", "Bearer HUSH-federated"}});
  CHECK(sent[1].body == R"({"delegates":[],"lifetime":")" + lifetime +
                            R"(","scope":["https://www.googleapis.com/auth/devstorage.read_write"]})");
  CHECK_THAT(world.identity().token->source(),
             ContainsSubstring("the service account writer@p.iam.gserviceaccount.com on behalf of the federated "
                               "identity of " +
                               world.key_path()));
}

TEST_CASE("refusals of the security token service come with their cure") {
  GoogleWorld world;
  world.write("token", "HUSH-subject");
  world.key(federated({{"file", world.path("token")}}));
  std::string cure;
  SECTION("the token") {
    world.http.answer(400, R"({"error":"invalid_grant","error_description":"The issuer does not match."})");
    cure = "invalid_grant: The issuer does not match.; the provider of the identity pool does not accept";
  }
  SECTION("the audience") {
    world.http.answer(400, R"({"error":"invalid_target","error_description":"Gone."})");
    cure = "invalid_target: Gone.; check the audience";
  }
  SECTION("the condition") {
    world.http.answer(403, R"({"error":"unauthorized_client","error_description":"Rejected."})");
    cure = "unauthorized_client: Rejected.; the attribute condition";
  }
  CHECK_THAT(world.failure(), ContainsSubstring(cure));
}

TEST_CASE("external accounts that are set up wrongly") {
  const auto fails = [](const std::function<void(json&)>& change, const std::string& message) {
    GoogleWorld world;
    json key = federated({{"file", "/nowhere"}});
    change(key);
    world.key(key);
    CHECK(world.failure() == "general: " + message + world.key_path());
    CHECK(world.http.sent().empty());
  };
  const std::string of_source = "\"credential_source\" of ";
  fails([](json& key) { key.erase("audience"); }, "There is no \"audience\" in ");
  fails([](json& key) { key.erase("subject_token_type"); }, "There is no \"subject_token_type\" in ");
  fails([](json& key) { key.erase("credential_source"); }, "There is no \"credential_source\" in ");
  fails([](json& key) { key["credential_source"] = "HUSH"; }, "\"credential_source\" is not an object in ");
  fails(
      [](json& key) {
        key["credential_source"] = {{"certificate", json::object()}};
      },
      "There is none of \"file\", \"url\", \"environment_id\" and \"executable\", which are supported, in " +
          of_source);
  fails(
      [](json& key) {
        key["credential_source"]["format"] = {{"type", "xml"}};
      },
      "\"type\" is \"xml\", and known are text and json, in \"format\" of " + of_source);
  fails(
      [](json& key) {
        key["credential_source"]["format"] = {{"type", "json"}};
      },
      "There is no \"subject_token_field_name\" in \"format\" of " + of_source);
  fails([](json& key) { key["credential_source"] = url_source("http://tokens.example.com/?key=HUSH"); },
        "\"url\" is http://tokens.example.com/, where secrets must not be sent: https:// is expected (http:// to a "
        "loopback or link-local address alone) in " +
            of_source);
  fails(
      [](json& key) {
        key["credential_source"] = url_source("https://tokens.example.com/");
        key["credential_source"]["headers"] = {{"X-Key", "HUSH\r\nHost: x"}};
      },
      "A line break stands in the \"headers\" in " + of_source);
  fails(
      [](json& key) {
        key["credential_source"] = url_source("https://tokens.example.com/");
        key["credential_source"]["headers"] = {{"X-Key", 1}};
      },
      "\"headers\" is not an object of texts in " + of_source);
  for (const json& lifetime : {json(599), json(43'201), json(-1)}) {
    fails(
        [&](json& key) {
          key["service_account_impersonation_url"] = kImpersonationUrl;
          key["service_account_impersonation"] = {{"token_lifetime_seconds", lifetime}};
        },
        "\"token_lifetime_seconds\" is not from 600 to 43200 in \"service_account_impersonation\" of ");
  }
  fails(
      [](json& key) {
        key["service_account_impersonation_url"] = kImpersonationUrl;
        key["service_account_impersonation"] = {{"token_lifetime_seconds", "600"}};
      },
      "\"token_lifetime_seconds\" is not a whole number in \"service_account_impersonation\" of ");
  for (const char* member : {"token_url", "service_account_impersonation_url"}) {
    fails(
        [&](json& key) { key[member] = "http://sts.example.com/"; },
        fmt::format("\"{}\" is http://sts.example.com/, where secrets must not be sent: https:// is expected (http:// "
                    "to a loopback or link-local address alone) in ",
                    member));
  }
}
