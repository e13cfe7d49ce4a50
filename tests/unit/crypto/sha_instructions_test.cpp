#include "crypto/sha_instructions.h"

#include "support/catch.h"

#include <tapster/environment.h>

#include <map>
#include <string>

using namespace tapster;

#if defined(__x86_64__)

namespace {

bool has_them(std::map<std::string, std::string, std::less<>> environment) {
  return has_sha_instructions(MapEnvironment(std::move(environment)));
}

}  // namespace

TEST_CASE("instructions for SHA-256 count only where OpenSSL uses them", "[base][digest]") {
  const bool of_processor = has_them({});
  for (const char* other : {"~0x200000200000000", "~0x1:~0x40000", ":~0", "0x7ffaf3ffffebffff:0x20000000", "", "x"}) {
    CAPTURE(other);
    CHECK(has_them({{"OPENSSL_ia32cap", other}}) == of_processor);
  }
  for (const char* hidden : {":~0x20000000", "~0x1:~0x20000000", ":0", "0x7ffaf3ffffebffff:0xdfffffff"}) {
    CAPTURE(hidden);
    CHECK_FALSE(has_them({{"OPENSSL_ia32cap", hidden}}));
  }
}

#endif
