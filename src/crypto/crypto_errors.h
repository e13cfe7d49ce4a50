#pragma once

namespace tapster {

// OpenSSL keeps its errors per thread, and libcurl looks at them, too: what has come up is forgotten when this goes.
class CryptoErrorsForgotten {
 public:
  CryptoErrorsForgotten();  // throws Error (general) when there is no OpenSSL
  CryptoErrorsForgotten(const CryptoErrorsForgotten&) = delete;
  CryptoErrorsForgotten& operator=(const CryptoErrorsForgotten&) = delete;
  ~CryptoErrorsForgotten();
};

}  // namespace tapster
