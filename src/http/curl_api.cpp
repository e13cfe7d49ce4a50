#include "http/curl_api.h"

#include <tapster/error.h>

namespace tapster {

CurlApi::CurlApi() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) throw Error(ErrorKind::general, "libcurl does not initialise");
}

const CurlApi& curl_api() {
  static const CurlApi instance;
  return instance;
}

}  // namespace tapster
