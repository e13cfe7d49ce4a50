// Opens the store that a URL and the command line's options name.
#pragma once

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/object_store.h>
#include <tapster/store_location.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace tapster {

// What the command line says about the store; unset fields are filled from the environment,
// the AWS profile and defaults. Options of other providers are accepted and ignored.
struct StoreOptions {
  std::string endpoint_url;
  std::string aws_profile;
  std::string region;
  std::string addressing_style;        // "", auto, virtual, path
  std::string checksum_policy;         // "", auto, when_required, when_supported
  std::string checksum_algorithm;      // "", crc32, crc32c, crc64nvme, sha256
  bool unsigned_payload = false;       // over TLS only
  std::optional<int> read_timeout;     // seconds
  std::optional<int> connect_timeout;  // seconds
  std::string encryption;              // "", AES256, aws:kms
  std::string sse_kms_key_id;
  std::string sse_customer_key;  // file:// URI of a file with a base64 256-bit key
  // Azure Blob Storage.
  std::string azure_credential;  // "", azure-cli, managed-identity, default
  std::string encryption_scope;
  std::uint64_t max_block_size = std::uint64_t{4} << 20U;        // bytes
  std::uint64_t max_single_put_size = std::uint64_t{64} << 20U;  // bytes
  std::optional<std::uint32_t> max_concurrency;                  // blocks of one put that are sent at once
  // Google Cloud Storage.
  std::string kms_key_name;
};

// Checks the options against each other and builds the store. Nothing is asked of the network
// and no credential is looked up before the first request. `environment` and `clock` are
// borrowed and must outlive the store. Throws Error (general) for bad options or profiles.
std::unique_ptr<ObjectStore> open_store(const StoreLocation& location, const StoreOptions& options,
                                        const Environment& environment, Clock& clock);

}  // namespace tapster
