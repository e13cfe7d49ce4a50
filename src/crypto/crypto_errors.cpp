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

CryptoErrorsCleared::CryptoErrorsCleared() {
  errors_crypto();
}  // loads the library, which may throw; the destructor must not

CryptoErrorsCleared::~CryptoErrorsCleared() { errors_crypto().ERR_clear_error(); }

}  // namespace tapster
