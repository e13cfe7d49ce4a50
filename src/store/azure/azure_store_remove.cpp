// Deleting: in batches where the service and the credential allow it, one by one where they do not.
#include "store/azure/azure_answers.h"
#include "store/azure/azure_store.h"
#include "store/azure/wire/azure_batch.h"
#include "store/cloud/multipart_boundary.h"

#include <tapster/log.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::string_view kNoContainer = "ContainerNotFound";
// A failure without a code of the service's, as Azurite answers to a batch under an account's signature. The single
// deletions that follow are repeated where a server fails for a while.
constexpr std::string_view kBareFailure = "500";

// How emulators, and accounts and signatures with other rights than to delete singly, answer to a batch.
bool refuses_batches(const StoreError& refusal) {
  const StoreError::Details& details = refusal.details();
  if (details.code == "AuthenticationFailed") return false;  // neither will a single one pass
  return details.code == "FeatureNotSupported" || details.http_status == 400 || details.http_status == 403 ||
         details.http_status == 405 || details.http_status == 501;
}

AzureCall deletion(const std::string& key) {
  AzureCall call{.operation = "Delete Blob", .method = "DELETE", .key = key};
  call.accepted = {kBlobNotFound};
  return call;
}

}  // namespace

std::vector<RemoveFailure> AzureStore::remove_singly(std::span<const std::string> keys) {
  std::vector<RemoveFailure> failures;
  for (const std::string& key : keys) {
    try {
      client_.call(deletion(key));
    } catch (const StoreError& failure) {
      if (failure.details().code == kNoContainer) throw;
      failures.push_back({key, failure.what()});
    }
  }
  return failures;
}

std::vector<RemoveFailure> AzureStore::remove_batch(std::span<const std::string> keys) {
  std::vector<HttpRequest> parts;
  parts.reserve(keys.size());
  for (const std::string& key : keys) parts.push_back(client_.batch_part(deletion(key)));
  const std::string boundary = random_boundary("batch_");
  const std::string document = batch_document(parts, boundary);
  MemoryBody body(document);
  AzureCall call{.operation = "Blob Batch", .method = "POST"};
  call.query = {{"restype", "container"}, {"comp", "batch"}};
  call.headers = {{"Content-Type", "multipart/mixed; boundary=" + boundary}};
  call.body = &body;
  call.accepted = {kBareFailure};
  std::map<std::size_t, BatchOutcome> outcomes;
  std::string refusal;
  try {
    const AzureAnswer answer = client_.call(call);
    refusal = answer.error_code;
    if (refusal.empty()) outcomes = read_batch_answer(answer.http);
    if (refusal.empty() && outcomes.empty()) refusal = "its answer names no result";
  } catch (const StoreError& failure) {
    if (!refuses_batches(failure)) throw;
    refusal = failure.details().code;
  }
  if (!refusal.empty()) {
    log::info("The store does not delete in batches ({}): deleting one by one", refusal);
    batches_refused_ = true;
  }
  // What was not done is tried by itself: that is repeated when it is worth it, and says what is wrong.
  std::vector<std::string> left;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto outcome = outcomes.find(i);
    const bool gone =
        outcome != outcomes.end() && (outcome->second.status / 100 == 2 || outcome->second.error_code == kBlobNotFound);
    if (!gone) left.push_back(keys[i]);
  }
  return remove_singly(left);
}

std::vector<RemoveFailure> AzureStore::remove(const std::vector<std::string>& keys) {
  std::vector<RemoveFailure> failures;
  std::span<const std::string> rest(keys);
  while (!rest.empty()) {
    const auto batch = rest.first(std::min(rest.size(), azure_limits::kMaxBatch));
    rest = rest.subspan(batch.size());
    auto failed = batches_refused_ || batch.size() == 1 ? remove_singly(batch) : remove_batch(batch);
    failures.insert(failures.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
  }
  return failures;
}

}  // namespace tapster
