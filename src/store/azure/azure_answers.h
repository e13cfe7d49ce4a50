// Error codes that are answers, and documents that several operations read.
#pragma once

#include "store/azure/azure_client.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

inline constexpr std::string_view kBlobNotFound = "BlobNotFound";

// How the service refuses to make a blob, or to touch one, by If-None-Match: *. The last two: a signature that allows
// nothing but creating, and a protected blob.
inline std::vector<std::string_view> exists_codes() {
  return {"BlobAlreadyExists", "ConditionNotMet", "UnauthorizedBlobOverwrite", "BlobImmutableDueToPolicy"};
}

// One page of List Blobs after the other, until `each` returns false or there are no more. `call` is List Blobs without
// a marker.
struct ListedBlob {
  std::string name;
  std::uint64_t size = 0;
  std::optional<TimePoint> modified = {};
};
struct ListedBlobs {
  std::vector<ListedBlob> blobs;  // not the directories of accounts with a hierarchical namespace
  std::vector<std::string> prefixes;
};
void list_blobs(AzureClient& client, AzureCall call, const std::function<bool(const ListedBlobs&)>& each);

// The names, base64, of a blob's blocks: "committed" or "uncommitted". nullopt: proven that there is no such blob.
std::optional<std::vector<std::string>> block_names(AzureClient& client, const std::string& key,
                                                    const std::string& kind);

}  // namespace tapster
