// What an Azure store is told by the command line and the environment, credentials apart.
#pragma once

#include "http/curl_client.h"

#include <tapster/environment.h>
#include <tapster/open_store.h>
#include <tapster/store_location.h>

#include <cstdint>
#include <string>

namespace tapster {

// How the service is told what a body must be, over and above what TLS does. The service verifies either.
//
// CRC-64 by Azure's polynomial (which is NVMe's) takes 5 ms for a segment of 16 MiB where MD5 takes 28 ms. So MD5 is
// only for where the former is not known: Azurite answers 500 FeatureNotSupported to it. The service computes an MD5 of
// a single put by itself, and gives it back with the blob.
enum class BlobChecksum { crc64, md5 };

struct AzureSettings {
  std::string container;
  std::string encryption_scope;  // empty: the account's own
  std::uint64_t max_block_size = 0;
  std::uint64_t max_single_put_size = 0;
  int max_concurrency = 1;
  int max_attempts = 1;
  CurlSettings http = {};
};

// Throws Error (general) for sizes that the service does not take.
AzureSettings resolve_azure_settings(const StoreLocation& location, const StoreOptions& options,
                                     const Environment& environment);

// By an account's URL: an emulator has the account in its path, the service in its host.
BlobChecksum checksum_for(const std::string& blob_url);

}  // namespace tapster
