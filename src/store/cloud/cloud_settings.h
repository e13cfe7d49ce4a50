// Settings that all stores over HTTP have in common.
#pragma once

#include "http/curl_client.h"

#include <tapster/environment.h>
#include <tapster/open_store.h>

#include <string>

namespace tapster {

// Time-outs by the options, proxies by the environment. `ca_bundle` is the provider's own setting of it;
// REQUESTS_CA_BUNDLE and SSL_CERT_FILE follow when it is empty.
CurlSettings network_settings(const StoreOptions& options, const Environment& environment, std::string ca_bundle = {});

// A positive number; what is larger than 100 counts as 100. Throws Error (general), in which `name` stands.
int parse_max_attempts(const std::string& text, const std::string& name);

// TAPSTER_MAX_ATTEMPTS, else 5: how often a request is sent before it fails.
int default_max_attempts(const Environment& environment);

}  // namespace tapster
