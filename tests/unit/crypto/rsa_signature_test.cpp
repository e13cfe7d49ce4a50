#include "crypto/rsa_signature.h"

#include "crypto/digest.h"
#include "support/rsa_key.h"
#include "support/scratch.h"
#include "text/encoding.h"

#include <tapster/error.h>

using namespace tapster;
using namespace tapster::test;

namespace {

const std::string kData =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const std::string kSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1d"
    "nZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwu"
    "sC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77"
    "Rw";

std::string rs256(const std::string& pem, const std::string& passphrase = {}) {
  return base64url_encode(as_bytes(sign_rs256(Secret(pem), kData, Secret(passphrase))));
}

std::string failure(const std::string& pem, const std::string& passphrase = {}) {
  try {
    rs256(pem, passphrase);
  } catch (const Error& problem) {
    CHECK(problem.kind() == ErrorKind::general);
    CHECK_THAT(problem.what(), !ContainsSubstring("HUSH"));
    return problem.what();
  }
  return "no failure";
}

// The key in another form, as the openssl command writes it.
std::string converted(std::vector<std::string> words) {
  const ScratchDirectory scratch;
  write_file(scratch / "key.pem", kRsaKey);
  words.insert(words.end(), {"-in", scratch / "key.pem", "-out", scratch / "other.pem"});
  openssl(words);
  return read_file(scratch / "other.pem");
}

}  // namespace

TEST_CASE("RS256 agrees with the published vector, wherever the key stands in its file") {
  CHECK(rs256(kRsaKey) == kSignature);
  CHECK(rs256("Bag Attributes\n  friendlyName: x\n" + kRsaKey) == kSignature);
  CHECK(rs256("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n" + kRsaKey) == kSignature);
  CHECK(rs256(converted({"pkey", "-traditional"})) == kSignature);
}

TEST_CASE("an encrypted key needs its passphrase") {
  const std::string pem = converted({"pkcs8", "-topk8", "-passout", "pass:HUSH-HUSH"});
  CHECK(rs256(pem, "HUSH-HUSH") == kSignature);
  CHECK(failure(pem) == "the private key is encrypted, and there is no passphrase for it");
  CHECK(failure(pem, "HUSH-no") == "the private key is encrypted, and the passphrase does not open it");
  CHECK(failure(pem, "HUSH" + std::string(5000, 'x')) ==
        "the private key is encrypted, and the passphrase does not open it");
}

TEST_CASE("PS256 signatures are valid, and differ") {
  const ScratchDirectory scratch;
  write_file(scratch / "key.pem", kRsaKey);
  write_file(scratch / "data", kData);
  openssl({"pkey", "-in", scratch / "key.pem", "-pubout", "-out", scratch / "public.pem"});
  const std::string signature = sign_ps256(Secret(kRsaKey), kData);
  CHECK(signature != sign_ps256(Secret(kRsaKey), kData));
  write_file(scratch / "signature", signature);
  CHECK(openssl({"dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-verify",
                 scratch / "public.pem", "-signature", scratch / "signature", scratch / "data"}) == "Verified OK\n");
}

TEST_CASE("keys that cannot sign are refused, and the error shows nothing of them") {
  CHECK(failure("") == "there is no private key in PEM form (\"-----BEGIN PRIVATE KEY-----\") in it");
  CHECK_THAT(failure("HUSH"), ContainsSubstring("there is no private key"));
  CHECK_THAT(failure("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
             ContainsSubstring("there is no private key"));
  CHECK(failure("-----BEGIN PRIVATE KEY-----\nHUSH\n-----END PRIVATE KEY-----\n") ==
        "the private key is damaged: OpenSSL cannot read it");
  CHECK(failure(kRsaKey.substr(0, 900)) == "the private key is damaged: OpenSSL cannot read it");
  CHECK(failure(openssl({"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"})) ==
        "the private key is no RSA key");
}
