#include "crypto/pem.h"

#include "crypto/digest.h"
#include "support/catch.h"

#include <tapster/error.h>

using namespace tapster;

namespace {

std::string block(const std::string& text) {
  return "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n";
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("certificates are found between other text") {
  const auto found = pem_certificates("a text\n" + block("Zm9v\r\nYmFy") +
                                      "-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n" + block("YmE="));
  REQUIRE(found.size() == 2);
  CHECK(text_of(found[0]) == "foobar");
  CHECK(text_of(found[1]) == "ba");
  CHECK(pem_certificates("").empty());
  CHECK(pem_certificates("-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n").empty());
}

TEST_CASE("damaged certificates are refused") {
  CHECK_THROWS_WITH(pem_certificates(block("Zm9v") + block("Zm9")), "certificate 2 is damaged");
  CHECK_THROWS_WITH(pem_certificates(block("")), "certificate 1 is damaged");
  CHECK_THROWS_WITH(pem_certificates("-----BEGIN CERTIFICATE-----\nZm9v\n"), "certificate 1 is damaged");
}
