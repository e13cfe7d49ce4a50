#include "crypto/rsa_signature.h"

#include "base/lazy_library.h"
#include "crypto/crypto_errors.h"

#include <tapster/error.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstring>
#include <memory>

namespace tapster {
namespace {

struct RsaCrypto {
  LazyLibrary library{"libcrypto.so.3"};
  TAPSTER_LAZY(library, BIO_new_mem_buf);
  TAPSTER_LAZY(library, BIO_free);
  TAPSTER_LAZY(library, PEM_read_bio_PrivateKey);
  TAPSTER_LAZY(library, EVP_PKEY_free);
  TAPSTER_LAZY(library, EVP_PKEY_get_base_id);
  TAPSTER_LAZY(library, EVP_MD_CTX_new);
  TAPSTER_LAZY(library, EVP_MD_CTX_free);
  TAPSTER_LAZY(library, EVP_DigestSignInit);
  TAPSTER_LAZY(library, EVP_DigestSign);
  TAPSTER_LAZY(library, EVP_PKEY_CTX_set_rsa_padding);
  TAPSTER_LAZY(library, EVP_PKEY_CTX_set_rsa_pss_saltlen);
  TAPSTER_LAZY(library, EVP_sha256);
};

const RsaCrypto& rsa_crypto() {
  static const RsaCrypto instance;
  return instance;
}

struct FreeRsa {
  void operator()(BIO* bio) const { rsa_crypto().BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { rsa_crypto().EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { rsa_crypto().EVP_MD_CTX_free(context); }
};

struct Passphrase {
  const Secret& text;
  bool asked = false;
};

// OpenSSL's callback for a passphrase. Without one, OpenSSL would ask at the terminal.
int give_passphrase(char* buffer, int size, int /*writing*/, void* user) {
  auto& passphrase = *static_cast<Passphrase*>(user);
  passphrase.asked = true;
  const std::string_view text = passphrase.text.reveal();
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, text.data(), text.size());
  return static_cast<int>(text.size());
}

std::unique_ptr<EVP_PKEY, FreeRsa> read_key(std::string_view pem, const Secret& passphrase) {
  const std::unique_ptr<BIO, FreeRsa> bio(rsa_crypto().BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) throw std::bad_alloc();
  Passphrase answer{passphrase};
  std::unique_ptr<EVP_PKEY, FreeRsa> key(
      rsa_crypto().PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, &answer));
  if (key == nullptr && answer.asked) {
    throw error(ErrorKind::general, "the private key is encrypted, and {}",
                passphrase.empty() ? "there is no passphrase for it" : "the passphrase does not open it");
  }
  if (key == nullptr && pem.find("PRIVATE KEY-----") == std::string_view::npos) {
    throw Error(ErrorKind::general, "there is no private key in PEM form (\"-----BEGIN PRIVATE KEY-----\") in it");
  }
  if (key == nullptr) throw Error(ErrorKind::general, "the private key is damaged: OpenSSL cannot read it");
  if (rsa_crypto().EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    throw Error(ErrorKind::general, "the private key is no RSA key");
  }
  return key;
}

std::string sign(const Secret& pem, std::string_view data, const Secret& passphrase, bool pss) {
  const CryptoErrorsCleared cleared;
  const auto key = read_key(pem.reveal(), passphrase);
  const std::unique_ptr<EVP_MD_CTX, FreeRsa> context(rsa_crypto().EVP_MD_CTX_new());
  EVP_PKEY_CTX* settings = nullptr;  // owned by the context
  const auto* bytes = reinterpret_cast<const unsigned char*>(data.data());
  std::size_t size = 0;
  bool done = context != nullptr && rsa_crypto().EVP_DigestSignInit(context.get(), &settings, rsa_crypto().EVP_sha256(),
                                                                    nullptr, key.get()) == 1;
  if (done && pss) {
    done = rsa_crypto().EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
           rsa_crypto().EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  done = done && rsa_crypto().EVP_DigestSign(context.get(), nullptr, &size, bytes, data.size()) == 1;
  std::string signature(size, '\0');
  done = done && rsa_crypto().EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                             bytes, data.size()) == 1;
  if (!done) throw Error(ErrorKind::general, "OpenSSL cannot sign with the private key (is it too short?)");
  signature.resize(size);
  return signature;
}

}  // namespace

std::string sign_rs256(const Secret& pem_private_key, std::string_view data, const Secret& passphrase) {
  return sign(pem_private_key, data, passphrase, false);
}

std::string sign_ps256(const Secret& pem_private_key, std::string_view data, const Secret& passphrase) {
  return sign(pem_private_key, data, passphrase, true);
}

}  // namespace tapster
