// What all requests of a client have in common: time-outs, trust, proxies.
#pragma once

#include <tapster/clock.h>
#include <tapster/environment.h>

#include <string>

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

// Proxy settings from HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (lower case first).
void apply_proxy_environment(CurlSettings& settings, const Environment& environment);

// The certificate authorities of this system, a file; nullptr where there is none in the usual places.
const char* system_ca_bundle();

}  // namespace tapster
