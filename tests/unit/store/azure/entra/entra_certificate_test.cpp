#include "crypto/digest.h"
#include "support/rsa_key.h"
#include "text/encoding.h"
#include "unit/store/azure/credentials/azure_world.h"

#include <nlohmann/json.hpp>

using namespace tapster;
using namespace tapster::test;
using nlohmann::json;

namespace {

// A certificate of the key, as PEM.
std::string certificate_of(AzureWorld& world, const std::string& name) {
  world.write("key.pem", kRsaKey);
  openssl({"req", "-x509", "-key", world.file("key.pem"), "-subj", "/CN=" + name, "-days", "3650", "-out",
           world.file(name + ".pem")});
  return read_file(world.file(name + ".pem"));
}

// As OpenSSL says it, without the colons.
std::string fingerprint(AzureWorld& world, const std::string& name) {
  std::string text = openssl({"x509", "-in", world.file(name + ".pem"), "-noout", "-fingerprint", "-sha256"});
  text = to_lower(text.substr(text.find('=') + 1, 95));
  std::erase(text, ':');
  return text;
}

void with_certificate(AzureWorld& world, const std::string& path) {
  world.variables["AZURE_TENANT_ID"] = "t";
  world.variables["AZURE_CLIENT_ID"] = "app";
  world.variables["AZURE_CLIENT_CERTIFICATE_PATH"] = path;
}

std::string base64url_decoded(std::string text) {
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.resize((text.size() + 3) / 4 * 4, '=');
  const auto bytes = base64_decode(text);
  REQUIRE(bytes);
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

struct Assertion {
  json header;
  json claims;
  std::string input;
  std::string signature;
};

Assertion sent_assertion(AzureWorld& world) {
  const std::string token = world.http.sent().back().form("client_assertion");
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  REQUIRE(second != std::string::npos);
  return {json::parse(base64url_decoded(token.substr(0, first))),
          json::parse(base64url_decoded(token.substr(first + 1, second - first - 1))), token.substr(0, second),
          base64url_decoded(token.substr(second + 1))};
}

const std::string kIn = "general: Cannot use the certificate in ";

}  // namespace

TEST_CASE("a certificate's key signs the assertion that Entra documents") {
  AzureWorld world;
  const std::string certificate = certificate_of(world, "tapster");
  with_certificate(world, world.write("both.pem", certificate + kRsaKey));
  world.http.answer(200, entra_token("HUSH-token")).answer(200, entra_token("HUSH-token"));
  const AccessToken token = world.fetch(client_certificate_source);
  CHECK(text_of(token) == "HUSH-token");
  const SentRequest sent = world.http.sent().back();
  CHECK(sent.url == "https://login.microsoftonline.com/t/oauth2/v2.0/token");
  CHECK(sent.body.starts_with(
      "client_id=app&grant_type=client_credentials&scope=https%3A%2F%2Fstorage.azure.com%2F.default&"
      "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=ey"));

  const Assertion first = sent_assertion(world);
  CHECK(first.header.size() == 3);
  CHECK(first.header["alg"] == "PS256");
  CHECK(first.header["typ"] == "JWT");
  const std::string thumbprint = base64url_decoded(first.header["x5t#S256"]);
  CHECK(hex_encode(as_bytes(thumbprint)) == fingerprint(world, "tapster"));
  CHECK(first.claims.size() == 7);
  CHECK(first.claims["aud"] == sent.url);
  CHECK(first.claims["iss"] == "app");
  CHECK(first.claims["sub"] == "app");
  CHECK(first.claims["nbf"] == 1706954400);
  CHECK(first.claims["iat"] == 1706954400);
  CHECK(first.claims["exp"] == 1706955000);

  write_file(world.file("input"), first.input);
  write_file(world.file("signature"), first.signature);
  write_file(world.file("public.pem"), openssl({"x509", "-in", world.file("tapster.pem"), "-noout", "-pubkey"}));
  CHECK(openssl({"dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-verify", world.file("public.pem"),
                 "-signature", world.file("signature"), world.file("input")}) == "Verified OK\n");

  world.fetch(client_certificate_source);
  const std::string id = first.claims["jti"];
  CHECK(id.size() == 36);
  CHECK(id[14] == '4');
  CHECK(sent_assertion(world).claims["jti"] != id);
}

TEST_CASE("the chain is sent when it is asked for") {
  AzureWorld world;
  const std::string leaf = certificate_of(world, "leaf");
  const std::string issuer = certificate_of(world, "issuer");
  with_certificate(world, world.write("chain.pem", kRsaKey + leaf + "some text\n" + issuer));
  world.variables["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"] = GENERATE("1", "TRUE");
  world.http.answer(200, entra_token("HUSH"));
  world.fetch(client_certificate_source);
  const json chain = sent_assertion(world).header["x5c"];
  REQUIRE(chain.size() == 2);
  const auto der = base64_decode(chain[0].get<std::string>());
  REQUIRE(der);
  CHECK(hex_encode(sha256(*der)) == fingerprint(world, "leaf"));
  CHECK(chain[0] != chain[1]);
}

TEST_CASE("keys with a password, and .pfx files") {
  AzureWorld world;
  const std::string certificate = certificate_of(world, "tapster");
  const auto accepted = [&] {
    world.http.answer(200, entra_token("HUSH"));
    world.fetch(client_certificate_source);
    return hex_encode(as_bytes(base64url_decoded(sent_assertion(world).header["x5t#S256"]))) ==
           fingerprint(world, "tapster");
  };
  SECTION("an encrypted PEM key") {
    openssl(
        {"pkcs8", "-topk8", "-in", world.file("key.pem"), "-passout", "pass:HUSH-pass", "-out", world.file("enc.pem")});
    with_certificate(world, world.write("both.pem", read_file(world.file("enc.pem")) + certificate));
    CHECK(world.failure(client_certificate_source) ==
          kIn + world.file("both.pem") +
              " (AZURE_CLIENT_CERTIFICATE_PATH): the private key is encrypted, and there is no passphrase for it");
    world.variables["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = "HUSH-pass";
    CHECK(accepted());
  }
  SECTION("PKCS #12") {
    openssl({"pkcs12", "-export", "-inkey", world.file("key.pem"), "-in", world.file("tapster.pem"), "-passout",
             "pass:HUSH-pass", "-out", world.file("both.pfx")});
    with_certificate(world, world.file("both.pfx"));
    CHECK(world.failure(client_certificate_source) ==
          kIn + world.file("both.pfx") +
              " (AZURE_CLIENT_CERTIFICATE_PATH): the file is protected by a password, and there is no password");
    world.variables["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = "HUSH-pass";
    CHECK(accepted());
  }
}

TEST_CASE("certificate files that are of no use") {
  AzureWorld world;
  const std::string path = world.file("file");
  with_certificate(world, path);
  const std::string in = kIn + path + " (AZURE_CLIENT_CERTIFICATE_PATH): ";
  CHECK(world.failure(client_certificate_source) ==
        "general: There is no file " + path + " (AZURE_CLIENT_CERTIFICATE_PATH)");
  world.write("file", kRsaKey);
  CHECK(world.failure(client_certificate_source) ==
        in + "there is no certificate in PEM form (\"-----BEGIN CERTIFICATE-----\") in it");
  world.write("file", "-----BEGIN CERTIFICATE-----\nHUSH!\n-----END CERTIFICATE-----\n" + kRsaKey);
  CHECK(world.failure(client_certificate_source) == in + "certificate 1 is damaged");
  world.write("file", certificate_of(world, "tapster"));
  CHECK_THAT(world.failure(client_certificate_source), ContainsSubstring(in + "there is no private key in PEM form"));
  world.write("file", "HUSH");
  CHECK(world.failure(client_certificate_source) == in + "the file is neither PEM nor PKCS #12 (.pfx)");
  CHECK(world.http.sent().empty());
}

TEST_CASE("a certificate that Entra does not know") {
  AzureWorld world;
  with_certificate(world, world.write("both.pem", certificate_of(world, "tapster") + kRsaKey));
  world.http.answer(401, entra_error("AADSTS700027", "The certificate is not registered."));
  CHECK_THAT(world.failure(client_certificate_source),
             ContainsSubstring("(certificate of app): status 401, invalid_client: AADSTS700027: The certificate is not "
                               "registered. (trace 0123-trace); upload the certificate to the application"));
}
