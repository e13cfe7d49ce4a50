#include "text/encoding.h"

#include "crypto/digest.h"
#include "support/catch.h"

using namespace tapster;

TEST_CASE("base64 round-trips and refuses what is not base64") {
  CHECK(base64_encode(as_bytes("")) == "");
  CHECK(base64_encode(as_bytes("f")) == "Zg==");
  CHECK(base64_encode(as_bytes("fo")) == "Zm8=");
  CHECK(base64_encode(as_bytes("foobar")) == "Zm9vYmFy");
  for (const std::string text : {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"}) {
    const auto decoded = base64_decode(text);
    REQUIRE(decoded);
    CHECK(base64_encode(*decoded) == text);
  }
  CHECK(base64_decode(" Zm9v\n"));
  for (const char* text : {"Zg", "Zg=", "Z===", "=AAA", "Zg==Zm9v", "Zm9?"}) CHECK_FALSE(base64_decode(text));
}

TEST_CASE("base64url needs no escaping, with and without padding") {
  CHECK(base64url_encode(as_bytes("")) == "");
  CHECK(base64url_encode(as_bytes("\xfb\xff\xfe")) == "-__-");
  CHECK(base64url_encode(as_bytes("f")) == "Zg");
  CHECK(base64url_encode(as_bytes("fo"), true) == "Zm8=");
}

TEST_CASE("percent encoding leaves only unreserved characters") {
  CHECK(percent_encode("a-Z_0.~") == "a-Z_0.~");
  CHECK(percent_encode("a b/c+é") == "a%20b%2Fc%2B%C3%A9");
  CHECK(percent_encode_path("a b/c") == "a%20b/c");
  CHECK(percent_decode("a%20b%2fc%") == "a b/c%");
  CHECK(percent_decode("a+b%2", true) == "a b%2");
  CHECK(percent_decode("%41") == "A");
}

TEST_CASE("digests agree with published vectors") {
  CHECK(hex_encode(sha256(as_bytes(""))) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex_encode(md5(as_bytes("abc"))) == "900150983cd24fb0d6963f7d28e17f72");
  Md5 pieces;
  pieces.update(as_bytes("a"));
  pieces.update(as_bytes("bc"));
  CHECK(pieces.finish() == md5(as_bytes("abc")));
  CHECK(hex_encode(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
