// Deleting: a hundred at once where the endpoint can, one by one where it cannot.
#include "http/http_status.h"
#include "store/gcs/gcs_store.h"
#include "store/gcs/wire/gcs_batch.h"

#include <tapster/log.h>

#include <algorithm>
#include <iterator>

namespace tapster {
namespace {

constexpr const char* kDeleteOperation = "objects.delete";
constexpr const char* kBoundary = "tapster-batch";  // percent-encoded keys do not contain it: it begins a line

// How endpoints without batches, which emulators are, answer to one.
std::vector<int> without_batch() { return {400, status::kNotFound, 405, 501}; }

}  // namespace

std::vector<RemoveFailure> GcsStore::remove_singly(std::span<const std::string> keys) {
  std::vector<RemoveFailure> failures;
  for (const std::string& key : keys) {
    GcsCall call{.operation = kDeleteOperation, .method = "DELETE", .path = client_.object_path(key), .key = key};
    call.accepted = {status::kNotFound};
    try {
      const HttpResponse response = client_.call(call);
      if (response.status == status::kNotFound && !proven_absent(response, call)) throw client_.refused(response, call);
    } catch (const StoreError& failure) {
      // Without the bucket nothing can be learned about the others.
      if (failure.details().http_status == status::kNotFound && !container_exists()) throw;
      failures.push_back({key, failure.what()});
    }
  }
  return failures;
}

std::vector<RemoveFailure> GcsStore::remove_batch(std::span<const std::string> keys) {
  std::vector<std::string> paths;
  std::transform(keys.begin(), keys.end(), std::back_inserter(paths),
                 [this](const std::string& key) { return client_.object_path(key); });
  const std::string document = gcs_delete_batch(paths, kBoundary);
  MemoryBody body(document);
  GcsCall call{.operation = "a batch of objects.delete", .method = "POST", .path = "/batch/storage/v1"};
  call.headers = {{"Content-Type", fmt::format("multipart/mixed; boundary={}", kBoundary)}};
  call.body = &body;
  call.accepted = without_batch();
  const HttpResponse response = client_.call(call);
  if (response.status >= 400) {
    log::info("The endpoint does not delete in batches (HTTP {}): deleting one by one", response.status);
    lacks_batch_ = true;
    return remove_singly(keys);
  }
  const auto answers = read_gcs_batch(response, keys.size());
  std::vector<RemoveFailure> failures;
  std::vector<std::string> again;  // alone, with all that makes a request succeed
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (answers[i] && answers[i]->status >= 200 && answers[i]->status < 300) continue;
    const GcsCall one{.operation = kDeleteOperation, .method = "DELETE", .path = "", .key = keys[i]};
    const GcsError failure = answers[i] ? client_.failure_in(*answers[i], one) : GcsError{};
    if (says_no_such_object(failure)) continue;
    if (says_no_such_bucket(failure)) throw client_.refused(*answers[i], one);
    if (failure.status == 403 && !is_transient(failure)) {
      failures.push_back({keys[i], client_.refused(*answers[i], one).what()});
    } else {
      again.push_back(keys[i]);
    }
  }
  auto failed = remove_singly(again);
  failures.insert(failures.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
  return failures;
}

std::vector<RemoveFailure> GcsStore::remove(const std::vector<std::string>& keys) {
  std::vector<RemoveFailure> failures;
  std::span<const std::string> rest(keys);
  while (!rest.empty()) {
    const auto batch = rest.first(std::min(rest.size(), limits().max_remove_batch));
    rest = rest.subspan(batch.size());
    auto failed = lacks_batch_ || batch.size() == 1 ? remove_singly(batch) : remove_batch(batch);
    failures.insert(failures.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
  }
  return failures;
}

}  // namespace tapster
