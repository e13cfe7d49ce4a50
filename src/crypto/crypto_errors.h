// OpenSSL's queue of errors.
#pragma once

namespace tapster {

// Clears the thread's queue of errors when it is destroyed. libcurl reads the same queue, and would report errors of
// ours.
class CryptoErrorsCleared {
 public:
  CryptoErrorsCleared();  // throws Error (general) when there is no OpenSSL
  CryptoErrorsCleared(const CryptoErrorsCleared&) = delete;
  CryptoErrorsCleared& operator=(const CryptoErrorsCleared&) = delete;
  ~CryptoErrorsCleared();
};

}  // namespace tapster
