#include "crypto/crypto_errors.h"

#include "base/lazy_library.h"

#include <openssl/err.h>

namespace tapster {
namespace {

struct ErrorsCrypto {
  LazyLibrary library{"libcrypto.so.3"};
  TAPSTER_LAZY(library, ERR_clear_error);
};

const ErrorsCrypto& errors_crypto() {
  static const ErrorsCrypto crypto;
  return crypto;
}

}  // namespace

CryptoErrorsForgotten::CryptoErrorsForgotten() { errors_crypto(); }  // here it may throw

CryptoErrorsForgotten::~CryptoErrorsForgotten() { errors_crypto().ERR_clear_error(); }

}  // namespace tapster
