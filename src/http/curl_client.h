// The real HttpClient: libcurl, HTTP/1.1, connections kept and reused.
#pragma once

#include "http/curl_settings.h"

#include <tapster/http_client.h>

#include <memory>
#include <mutex>
#include <vector>

namespace tapster {

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(CurlSettings settings);
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;
  ~CurlClient() override;

  HttpResponse perform(const HttpRequest& request, ByteSink* sink = nullptr) override;

 private:
  class Lease;
  // An easy handle with its warm connections, and the socket that it opened last.
  struct Handle {
    void* easy = nullptr;
    int socket = -1;
  };
  CurlSettings settings_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;  // the last used is reused first
};

}  // namespace tapster
