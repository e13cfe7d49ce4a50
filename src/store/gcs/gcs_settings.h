// Everything that the store has to know about Google Cloud Storage, from the command line and the environment.
#pragma once

#include "http/curl_client.h"

#include <tapster/environment.h>
#include <tapster/open_store.h>
#include <tapster/store_location.h>

#include <string>

namespace tapster {

struct GcsSettings {
  std::string bucket;
  std::string endpoint_url = "https://storage.googleapis.com";  // scheme and host: without a slash at its end
  bool emulator = false;                                        // STORAGE_EMULATOR_HOST names the endpoint
  std::string kms_key_name;                                     // "projects/P/locations/L/keyRings/R/cryptoKeys/K"
  int max_attempts = 5;
  CurlSettings http;
};

// The endpoint is that of STORAGE_EMULATOR_HOST (http, if it names no scheme), or the one of the universe that
// GOOGLE_CLOUD_UNIVERSE_DOMAIN names, or the public one; the option endpoint_url is of other providers. Throws Error
// (general) that names the variable.
GcsSettings resolve_gcs_settings(const StoreLocation& location, const StoreOptions& options,
                                 const Environment& environment);

}  // namespace tapster
