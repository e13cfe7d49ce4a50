#include "crypto/pkcs12.h"

#include "crypto/pem.h"
#include "crypto/rsa_signature.h"
#include "support/rsa_key.h"
#include "support/scratch.h"

#include <tapster/error.h>

using namespace tapster;
using namespace tapster::test;

namespace {

// A file of the test key and its certificate, with another certificate, as the openssl command makes it.
class Pfx {
 public:
  explicit Pfx(std::vector<std::string> options) {
    write_file(scratch_ / "key.pem", kRsaKey);
    write_file(scratch_ / "other-key.pem",
               openssl({"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"}));
    write_file(scratch_ / "leaf", openssl({"req", "-x509", "-key", scratch_ / "key.pem", "-subj", "/CN=leaf"}));
    write_file(scratch_ / "issuer",
               openssl({"req", "-x509", "-key", scratch_ / "other-key.pem", "-subj", "/CN=issuer"}));
    options.insert(options.begin(), {"pkcs12", "-export", "-inkey", scratch_ / "key.pem", "-in", scratch_ / "leaf",
                                     "-certfile", scratch_ / "issuer", "-out", scratch_ / "file.pfx"});
    openssl(options);
  }
  std::string content() const { return read_file(scratch_ / "file.pfx"); }
  std::string leaf() const { return read_file(scratch_ / "leaf"); }

 private:
  ScratchDirectory scratch_;
};

std::string failure(const std::string& content, const std::string& password) {
  try {
    pkcs12_to_pem(content, Secret(password));
  } catch (const Error& problem) {
    CHECK(problem.kind() == ErrorKind::general);
    CHECK_THAT(problem.what(), !ContainsSubstring("HUSH"));
    return problem.what();
  }
  return "no failure";
}

}  // namespace

TEST_CASE("a PKCS #12 file becomes PEM: the key, its certificate, the others") {
  const std::string password = GENERATE("", "HUSH-pass");
  const Pfx file({"-passout", "pass:" + password});
  const Secret pem = pkcs12_to_pem(file.content(), Secret(password));
  CHECK(sign_rs256(pem, "data") == sign_rs256(Secret(kRsaKey), "data"));
  const auto certificates = pem_certificates(pem.reveal());
  REQUIRE(certificates.size() == 2);
  CHECK(certificates[0] == pem_certificates(file.leaf())[0]);
}

TEST_CASE("PKCS #12 files that cannot be read are refused with the reason") {
  CHECK(failure("", "") == "the file is neither PEM nor PKCS #12 (.pfx)");
  CHECK(failure("HUSH", "HUSH") == "the file is neither PEM nor PKCS #12 (.pfx)");
  const Pfx file({"-passout", "pass:HUSH-pass"});
  CHECK(failure(file.content(), "") == "the file is protected by a password, and there is no password");
  CHECK(failure(file.content(), "HUSH-no") == "the file is protected by another password");
  const Pfx old({"-legacy", "-passout", "pass:HUSH-pass"});
  CHECK_THAT(failure(old.content(), "HUSH-pass"),
             ContainsSubstring("OpenSSL cannot decrypt the file") && ContainsSubstring("openssl pkcs12 -legacy"));
  const Pfx bare({"-nokeys", "-passout", "pass:"});
  CHECK(failure(bare.content(), "") == "there is no private key with its certificate in the file");
}
