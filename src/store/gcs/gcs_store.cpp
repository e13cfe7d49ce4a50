#include "store/gcs/gcs_store.h"

#include "http/http_status.h"
#include "store/gcs/wire/object_stat.h"
#include "text/json_member.h"

#include <nlohmann/json.hpp>

namespace tapster {
namespace {

// "Quotas & limits". An object may be uploaded in one request whatever its size; as much as a part is enough.
constexpr std::uint64_t kMinPart = 5ULL << 20U;
constexpr std::uint64_t kMaxPart = 5ULL << 30U;
constexpr int kMaxParts = 10'000;
constexpr std::size_t kMaxRemoveBatch = 100;

}  // namespace

StoreLimits GcsStore::limits() const {
  return {.min_part_size = kMinPart,
          .max_part_size = kMaxPart,
          .max_parts = kMaxParts,
          .max_put_size = kMaxPart,
          .max_remove_batch = kMaxRemoveBatch};
}

bool GcsStore::proven_absent(const HttpResponse& response, const GcsCall& call) {
  const GcsError failure = client_.failure_in(response, call);
  if (says_no_such_object(failure)) return true;
  if (says_no_such_bucket(failure)) throw client_.refused(response, call);
  // An object comes first in the listing of its own name.
  GcsCall listing{.operation = "objects.list", .method = "GET", .path = client_.bucket_path() + "/o", .key = call.key};
  listing.query = {{"prefix", call.key}, {"maxResults", "1"}, {"fields", "items(name)"}};
  listing.stop = call.stop;
  const auto found = json_in(client_.call(listing), listing.operation);
  const auto items = found.find("items");
  const bool listed = items != found.end() && items->is_array() && !items->empty() && items->front().is_object() &&
                      text_of(items->front(), "name") == call.key;
  if (listed) throw client_.refused(response, call);
  return true;
}

std::optional<ObjectStat> GcsStore::stat(const std::string& key) {
  GcsCall call{.operation = "objects.get", .method = "GET", .path = client_.object_path(key), .key = key};
  call.accepted = {status::kNotFound};
  const HttpResponse response = client_.call(call);
  if (response.status != status::kNotFound) return gcs_stat_from_resource(json_in(response, call.operation));
  if (proven_absent(response, call)) return std::nullopt;
  throw client_.refused(response, call);
}

}  // namespace tapster
