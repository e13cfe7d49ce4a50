// The real HttpClient: libcurl, HTTP/1.1, connections kept and reused.
#pragma once

#include <tapster/http_client.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace tapster {

struct CurlSettings {
  Duration connect_timeout{60'000};
  // The longest time in which no byte moves in either direction.
  Duration read_timeout{60'000};
  std::string ca_bundle;   // a file; empty: the system's. Intermediate CAs in it are trusted as roots.
  std::string http_proxy;  // proxy URLs; empty: none
  std::string https_proxy;
  std::string no_proxy;  // comma-separated hosts, domains, networks, or "*"
};

class Environment;

// Proxy settings from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (lower case first).
void apply_proxy_environment(CurlSettings& settings, const Environment& environment);

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
