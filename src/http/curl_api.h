// libcurl's functions, loaded at first use.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include "base/lazy_library.h"

#include <curl/curl.h>

namespace tapster {

struct CurlApi {
  LazyLibrary library{"libcurl.so.4"};
  TAPSTER_LAZY(library, curl_global_init);
  TAPSTER_LAZY(library, curl_easy_init);
  TAPSTER_LAZY(library, curl_easy_reset);
  TAPSTER_LAZY(library, curl_easy_cleanup);
  TAPSTER_LAZY(library, curl_easy_setopt);
  TAPSTER_LAZY(library, curl_easy_getinfo);
  TAPSTER_LAZY(library, curl_easy_perform);
  TAPSTER_LAZY(library, curl_easy_strerror);
  TAPSTER_LAZY(library, curl_slist_append);
  TAPSTER_LAZY(library, curl_slist_free_all);

  CurlApi();
};

const CurlApi& curl_api();  // thread-safe

}  // namespace tapster
