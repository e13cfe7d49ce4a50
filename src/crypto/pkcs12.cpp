#include "crypto/pkcs12.h"

#include "base/lazy_library.h"
#include "crypto/crypto_errors.h"

#include <tapster/error.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/stack.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace tapster {
namespace {

struct Pkcs12Crypto {
  LazyLibrary library{"libcrypto.so.3"};
  TAPSTER_LAZY(library, BIO_new);
  TAPSTER_LAZY(library, BIO_new_mem_buf);
  TAPSTER_LAZY(library, BIO_s_secmem);
  TAPSTER_LAZY(library, BIO_ctrl);
  TAPSTER_LAZY(library, BIO_free);
  TAPSTER_LAZY(library, d2i_PKCS12_bio);
  TAPSTER_LAZY(library, PKCS12_verify_mac);
  TAPSTER_LAZY(library, PKCS12_parse);
  TAPSTER_LAZY(library, PKCS12_free);
  TAPSTER_LAZY(library, PEM_write_bio_PrivateKey);
  TAPSTER_LAZY(library, PEM_write_bio_X509);
  TAPSTER_LAZY(library, EVP_PKEY_free);
  TAPSTER_LAZY(library, X509_free);
  TAPSTER_LAZY(library, OPENSSL_sk_num);
  TAPSTER_LAZY(library, OPENSSL_sk_value);
  TAPSTER_LAZY(library, OPENSSL_sk_free);
};

const Pkcs12Crypto& pkcs12_crypto() {
  static const Pkcs12Crypto instance;
  return instance;
}

struct FreePkcs12 {
  void operator()(BIO* bio) const { pkcs12_crypto().BIO_free(bio); }
  void operator()(PKCS12* file) const { pkcs12_crypto().PKCS12_free(file); }
};

struct Contents {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509) * others = nullptr;

  Contents() = default;
  Contents(const Contents&) = delete;
  Contents& operator=(const Contents&) = delete;
  ~Contents() {
    pkcs12_crypto().EVP_PKEY_free(key);
    pkcs12_crypto().X509_free(certificate);
    for (int i = 0; i < count(); ++i) pkcs12_crypto().X509_free(other(i));
    pkcs12_crypto().OPENSSL_sk_free(reinterpret_cast<OPENSSL_STACK*>(others));
  }

  int count() const {  // -1 when there is no stack
    return pkcs12_crypto().OPENSSL_sk_num(reinterpret_cast<const OPENSSL_STACK*>(others));
  }
  X509* other(int i) const {
    return static_cast<X509*>(pkcs12_crypto().OPENSSL_sk_value(reinterpret_cast<const OPENSSL_STACK*>(others), i));
  }
};

void check_password(PKCS12* file, const std::string& password) {
  if (pkcs12_crypto().PKCS12_verify_mac(file, password.c_str(), static_cast<int>(password.size())) == 1) return;
  // An empty password is encoded as an empty text or, by other programs, not at all.
  if (password.empty() && pkcs12_crypto().PKCS12_verify_mac(file, nullptr, 0) == 1) return;
  throw error(ErrorKind::general, "the file is protected by {}password",
              password.empty() ? "a password, and there is no " : "another ");
}

}  // namespace

Secret pkcs12_to_pem(std::string_view content, const Secret& password) {
  const CryptoErrorsCleared cleared;
  const std::unique_ptr<BIO, FreePkcs12> input(
      pkcs12_crypto().BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  const std::unique_ptr<BIO, FreePkcs12> output(pkcs12_crypto().BIO_new(pkcs12_crypto().BIO_s_secmem()));
  if (input == nullptr || output == nullptr) throw std::bad_alloc();
  const std::unique_ptr<PKCS12, FreePkcs12> file(pkcs12_crypto().d2i_PKCS12_bio(input.get(), nullptr));
  if (file == nullptr) throw Error(ErrorKind::general, "the file is neither PEM nor PKCS #12 (.pfx)");
  const std::string text(password.reveal());  // for a NUL at its end
  check_password(file.get(), text);
  Contents contents;
  if (pkcs12_crypto().PKCS12_parse(file.get(), text.c_str(), &contents.key, &contents.certificate, &contents.others) !=
      1) {
    throw Error(ErrorKind::general,
                "OpenSSL cannot decrypt the file (its encryption may be too old: convert it to PEM by \"openssl pkcs12 "
                "-legacy -nodes -in FILE.pfx -out FILE.pem\")");
  }
  if (contents.key == nullptr || contents.certificate == nullptr) {
    throw Error(ErrorKind::general, "there is no private key with its certificate in the file");
  }
  bool written = pkcs12_crypto().PEM_write_bio_PrivateKey(output.get(), contents.key, nullptr, nullptr, 0, nullptr,
                                                          nullptr) == 1 &&
                 pkcs12_crypto().PEM_write_bio_X509(output.get(), contents.certificate) == 1;
  for (int i = 0; i < contents.count(); ++i) {
    written = written && pkcs12_crypto().PEM_write_bio_X509(output.get(), contents.other(i)) == 1;
  }
  char* pem = nullptr;  // the BIO owns it
  const long size = pkcs12_crypto().BIO_ctrl(output.get(), BIO_CTRL_INFO, 0, static_cast<void*>(&pem));
  if (!written || size <= 0) throw Error(ErrorKind::general, "OpenSSL cannot convert the file's private key");
  return Secret(std::string(pem, static_cast<std::size_t>(size)));
}

}  // namespace tapster
