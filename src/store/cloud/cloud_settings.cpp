#include "store/cloud/cloud_settings.h"

#include "text/number.h"

#include <tapster/error.h>

#include <algorithm>
#include <utility>

namespace tapster {

CurlSettings network_settings(const StoreOptions& options, const Environment& environment, std::string ca_bundle) {
  CurlSettings http;
  // Zero and less mean no limit: that is what the original's SDK makes of them.
  const auto seconds = [](int value) {
    return value > 0 ? Duration(std::chrono::seconds(value)) : Duration::max() / 4;
  };
  if (options.read_timeout) http.read_timeout = seconds(*options.read_timeout);
  if (options.connect_timeout && *options.connect_timeout > 0) http.connect_timeout = seconds(*options.connect_timeout);
  http.ca_bundle = std::move(ca_bundle);
  for (const char* variable : {"REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}) {
    if (http.ca_bundle.empty()) http.ca_bundle = environment.get(variable).value_or("");
  }
  apply_proxy_environment(http, environment);
  return http;
}

int parse_max_attempts(const std::string& text, const std::string& name) {
  constexpr int kLimit = 100;
  const int attempts = parse_decimal<int>(text).value_or(0);
  if (attempts < 1) {
    throw error(ErrorKind::general, "{} is '{}': a positive number is expected", name, text);
  }
  return std::min(attempts, kLimit);
}

int default_max_attempts(const Environment& environment) {
  constexpr int kDefault = 5;
  const auto text = environment.get("TAPSTER_MAX_ATTEMPTS");
  return text ? parse_max_attempts(*text, "TAPSTER_MAX_ATTEMPTS") : kDefault;
}

}  // namespace tapster
