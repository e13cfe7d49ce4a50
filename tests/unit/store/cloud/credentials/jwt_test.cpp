#include "store/cloud/credentials/jwt.h"

#include "support/rsa_key.h"
#include "support/scratch.h"

using namespace tapster;
using namespace tapster::test;

TEST_CASE("a JWT is the published one, byte for byte") {
  const Secret token =
      make_jwt(R"({"alg":"RS256"})",
               "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", Secret(kRsaKey));
  CHECK(token.reveal() ==
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJd"
        "bF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn"
        "6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0i"
        "gcN_IoypGlUPQGe77Rw");
}

TEST_CASE("PS256 signs the same header and claims otherwise") {
  const Secret one = make_jwt("{}", "[]", Secret(kRsaKey), JwtAlgorithm::ps256);
  const Secret two = make_jwt("{}", "[]", Secret(kRsaKey), JwtAlgorithm::ps256);
  CHECK(one.reveal().starts_with("e30.W10."));
  CHECK(one.reveal().size() == two.reveal().size());
  CHECK(one.reveal() != two.reveal());
}
