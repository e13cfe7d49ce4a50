#include "crypto/digest.h"
#include "text/encoding.h"
#include "unit/store/gcs/credentials/google_world.h"

#include <algorithm>

using namespace tapster;
using namespace tapster::test;
using std::chrono::minutes;

namespace {

const std::string kEmail = "robot@the-project.iam.gserviceaccount.com";
const std::string kScope = "https://www.googleapis.com/auth/devstorage.read_write";

struct Jwt {
  std::string signed_text;
  json header;
  json claims;
  std::string signature;
};

std::string decoded(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  const auto bytes = base64_decode(text);
  REQUIRE(bytes);
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

Jwt taken_apart(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.rfind('.');
  REQUIRE(first < second);
  return {token.substr(0, second), json::parse(decoded(token.substr(0, first))),
          json::parse(decoded(token.substr(first + 1, second - first - 1))), decoded(token.substr(second + 1))};
}

// Asks OpenSSL's own command, with the public key.
bool is_signed(const Jwt& jwt) {
  const ScratchDirectory folder;
  write_file(folder / "key.pem", kRsaKey);
  openssl({"pkey", "-in", folder / "key.pem", "-pubout", "-out", folder / "public.pem"});
  write_file(folder / "data", jwt.signed_text);
  write_file(folder / "signature", jwt.signature);
  const ProcessResult result = run_program({"openssl", "dgst", "-sha256", "-verify", folder / "public.pem",
                                            "-signature", folder / "signature", folder / "data"},
                                           Duration(60'000));
  return result.status == 0;
}

}  // namespace

TEST_CASE("a service account's key signs an assertion that buys a token") {
  GoogleWorld world;
  world.key(service_account_key());
  world.http.answer(200, token_answer("ya29.HUSH"));
  const AccessToken token = world.get();
  CHECK(token.value.reveal() == "ya29.HUSH");
  CHECK(token.expires == world.clock.now() + std::chrono::seconds(3599));

  const auto sent = world.http.sent();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].method == "POST");
  CHECK(sent[0].url == "https://oauth2.googleapis.com/token");
  CHECK(sent[0].headers == HttpHeaders{{"Content-Type", "application/x-www-form-urlencoded"}});
  CHECK(sent[0].use_proxy);
  const std::string assertion = sent[0].form("assertion");
  CHECK(sent[0].body == "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion);

  const Jwt jwt = taken_apart(assertion);
  CHECK(jwt.header == json{{"alg", "RS256"}, {"kid", "key-1"}, {"typ", "JWT"}});
  CHECK(jwt.claims == json{{"iss", kEmail},
                           {"aud", "https://oauth2.googleapis.com/token"},
                           {"scope", kScope},
                           {"iat", 1706954400},
                           {"exp", 1706958000}});
  CHECK(is_signed(jwt));
  Jwt forged = jwt;
  forged.signed_text += "x";
  CHECK_FALSE(is_signed(forged));
  CHECK(world.identity().project == "the-project");
  CHECK(world.identity().token->source() == "the service account " + kEmail + " in " + world.key_path());
}

TEST_CASE("a token is kept until shortly before it expires, then bought anew") {
  GoogleWorld world;
  world.key(service_account_key());
  world.http.answer(200, token_answer("one"));
  CHECK(world.token() == "one");
  world.clock.advance(minutes(54));
  CHECK(world.token() == "one");
  CHECK(world.http.sent().size() == 1);
  world.clock.advance(minutes(2));
  world.http.answer(200, token_answer("two"));
  CHECK(world.token() == "two");
  CHECK(taken_apart(world.http.sent().at(1).form("assertion")).claims["iat"] == 1706954400 + 56 * 60);
}

TEST_CASE("a token that the store refused is replaced, once") {
  GoogleWorld world;
  world.key(service_account_key());
  world.http.answer(200, token_answer("one")).answer(200, token_answer("two"));
  const AccessToken refused = world.get();
  world.identity().token->refuse(refused);
  world.identity().token->refuse(refused);
  CHECK(world.token() == "two");
  world.identity().token->refuse(refused);
  CHECK(world.token() == "two");
}

TEST_CASE("the token service is the key's own") {
  GoogleWorld world;
  json key = service_account_key();
  std::string url = "https://oauth2.googleapis.com/token";
  SECTION("where the key names one") { key["token_uri"] = url = "http://127.0.0.1:8080/token"; }
  SECTION("Google's where it does not") { key.erase("token_uri"); }
  SECTION("and a key without an id has no kid") { key.erase("private_key_id"); }
  world.key(key);
  world.http.answer(200, token_answer("HUSH"));
  world.get();
  CHECK(world.http.sent().at(0).url == url);
  const Jwt jwt = taken_apart(world.http.sent().at(0).form("assertion"));
  CHECK(jwt.claims["aud"] == url);
  CHECK(jwt.header.contains("kid") == key.contains("private_key_id"));
}

TEST_CASE("in another universe the assertion is the token") {
  GoogleWorld world;
  json key = service_account_key();
  key["universe_domain"] = "apis.example";
  world.key(key);
  world.variables["GOOGLE_CLOUD_UNIVERSE_DOMAIN"] = "apis.example";
  const AccessToken token = world.get();
  CHECK(world.http.sent().empty());
  CHECK(token.expires == world.clock.now() + minutes(60));
  const Jwt jwt = taken_apart(std::string(token.value.reveal()));
  CHECK(jwt.claims ==
        json{{"iss", kEmail}, {"sub", kEmail}, {"scope", kScope}, {"iat", 1706954400}, {"exp", 1706958000}});
  CHECK(is_signed(jwt));
}

TEST_CASE("a key that its account does not have any more") {
  GoogleWorld world;
  world.key(service_account_key());
  world.http.answer(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})");
  CHECK(world.failure() ==
        "general: Cannot get credentials from the token service https://oauth2.googleapis.com/token for the service "
        "account " +
            kEmail + " in " + world.key_path() +
            ": status 400, invalid_grant: Invalid JWT Signature.; the key or its service account was deleted or "
            "disabled, or this machine's clock is wrong: compare the private_key_id with the account's keys");
}

TEST_CASE("a private key that is none") {
  GoogleWorld world;
  json key = service_account_key();
  SECTION("no PEM") { key["private_key"] = "HUSH"; }
  SECTION("damaged") { key["private_key"] = "-----BEGIN PRIVATE KEY-----\nHUSH\n-----END PRIVATE KEY-----\n"; }
  SECTION("cut") { key["private_key"] = kRsaKey.substr(0, 500); }
  world.key(key);
  const std::string failure = world.failure();
  CHECK_THAT(failure, ContainsSubstring("general: The \"private_key\" in " + world.key_path() + " cannot be used ("));
  CHECK_THAT(failure, ContainsSubstring("): create a new key, or copy it again"));
  CHECK(world.http.sent().empty());
}

TEST_CASE("what a key must have") {
  for (const char* member : {"client_email", "private_key"}) {
    for (const json& value : {json(), json("")}) {
      GoogleWorld world;
      json key = service_account_key();
      key[member] = value;
      world.key(key);
      CHECK(world.failure() == fmt::format("general: There is no \"{}\" in {}", member, world.key_path()));
    }
    GoogleWorld world;
    json key = service_account_key();
    key[member] = json::array({"HUSH"});
    world.key(key);
    CHECK(world.failure() == fmt::format("general: \"{}\" is not a text in {}", member, world.key_path()));
  }
}
