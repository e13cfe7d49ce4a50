#include "store/gcs/gcs_settings.h"

#include "store/cloud/cloud_settings.h"
#include "text/encoding.h"

#include <tapster/error.h>

namespace tapster {
namespace {

constexpr std::string_view kForbiddenInHosts = "/?# \t@\\";

std::string emulator_url(const std::string& value) {
  std::string url = value.find("://") == std::string::npos ? "http://" + value : value;
  const std::string lower = to_lower(url);
  const bool known_scheme = lower.starts_with("http://") || lower.starts_with("https://");
  std::string_view host = std::string_view(url).substr(url.find("://") + 3);
  while (host.ends_with('/')) host.remove_suffix(1);
  if (!known_scheme || host.empty() || host.find_first_of(kForbiddenInHosts) != std::string::npos) {
    throw error(ErrorKind::general, "STORAGE_EMULATOR_HOST is '{}': HOST:PORT or http://HOST:PORT is expected", value);
  }
  url.resize(static_cast<std::size_t>(host.data() + host.size() - url.data()));
  return url;
}

std::string universe_url(const std::string& domain) {
  if (domain.find_first_of(kForbiddenInHosts) != std::string::npos || domain.find(':') != std::string::npos) {
    throw error(ErrorKind::general, "GOOGLE_CLOUD_UNIVERSE_DOMAIN is '{}': a domain such as googleapis.com is expected",
                domain);
  }
  return "https://storage." + domain;
}

}  // namespace

GcsSettings resolve_gcs_settings(const StoreLocation& location, const StoreOptions& options,
                                 const Environment& environment) {
  GcsSettings settings;
  settings.bucket = location.bucket;
  settings.kms_key_name = options.kms_key_name;
  if (const auto emulator = environment.get("STORAGE_EMULATOR_HOST")) {
    settings.endpoint_url = emulator_url(*emulator);
    settings.emulator = true;
  } else if (const auto domain = environment.get("GOOGLE_CLOUD_UNIVERSE_DOMAIN")) {
    settings.endpoint_url = universe_url(*domain);
  }
  settings.max_attempts = default_max_attempts(environment);
  settings.http = network_settings(options, environment);
  return settings;
}

}  // namespace tapster
