#include "store/azure/azure_settings.h"

#include "store/azure/wire/azure_limits.h"
#include "store/cloud/cloud_settings.h"

#include <tapster/error.h>

#include <algorithm>

namespace tapster {
namespace {

std::uint64_t checked(std::uint64_t size, std::uint64_t most, const char* option) {
  if (size == 0 || size > most) {
    throw error(ErrorKind::general, "{} is {} bytes: Azure Blob Storage takes 1 to {}", option, size, most);
  }
  return size;
}

}  // namespace

AzureSettings resolve_azure_settings(const StoreLocation& location, const StoreOptions& options,
                                     const Environment& environment) {
  AzureSettings settings;
  settings.container = location.bucket;
  settings.encryption_scope = options.encryption_scope;
  settings.max_block_size = checked(options.max_block_size, azure_limits::kMaxBlock, "--max-block-size");
  settings.max_single_put_size = checked(options.max_single_put_size, azure_limits::kMaxPut, "--max-single-put-size");
  // More than this would be more memory than anybody means.
  constexpr std::uint32_t kMostAtOnce = 256;
  settings.max_concurrency = static_cast<int>(std::clamp(options.max_concurrency.value_or(1), 1U, kMostAtOnce));
  settings.max_attempts = default_max_attempts(environment);
  settings.http = network_settings(options, environment);
  return settings;
}

BlobChecksum checksum_for(const std::string& blob_url) {
  const std::size_t scheme = blob_url.find("://");
  const bool in_path = scheme != std::string::npos && blob_url.find('/', scheme + 3) != std::string::npos;
  return in_path ? BlobChecksum::md5 : BlobChecksum::crc64;
}

}  // namespace tapster
