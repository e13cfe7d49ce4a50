#include "http/curl_settings.h"

#include <unistd.h>

#include <array>
#include <initializer_list>

namespace tapster {
namespace {

// Where distributions keep their certificate authorities; minimal container images have the file of
// another distribution, or none.
constexpr std::array<const char*, 5> kSystemBundles = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};

}  // namespace

const char* system_ca_bundle() {
  for (const char* path : kSystemBundles) {
    if (access(path, R_OK) == 0) return path;
  }
  return nullptr;
}

void apply_proxy_environment(CurlSettings& settings, const Environment& environment) {
  const auto first = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (auto value = environment.get(name)) return *value;
    }
    return std::string();
  };
  settings.http_proxy = first({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  settings.https_proxy = first({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  settings.no_proxy = first({"no_proxy", "NO_PROXY"});
}

}  // namespace tapster
