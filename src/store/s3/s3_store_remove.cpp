// Deleting: in bulk where the store can, one by one where it cannot.
#include "store/s3/s3_store.h"
#include "text/xml.h"

#include <tapster/log.h>

#include <algorithm>
#include <array>

namespace tapster {
namespace {

// How stores without DeleteObjects, or with rights for single deletes only, answer to it.
constexpr std::array<std::string_view, 6> kBulkRefusals = {
    "NotImplemented", "MethodNotAllowed", "AccessDenied", "MissingContentMD5", "501", "405"};

}  // namespace

std::vector<RemoveFailure> S3Store::remove_singly(std::span<const std::string> keys) {
  std::vector<RemoveFailure> failures;
  for (const std::string& key : keys) {
    S3Call call{.operation = "DeleteObject", .method = "DELETE", .key = key};
    call.accepted = {404};
    try {
      const S3Answer answer = client_.call(call);
      if (answer.http.status == 404 && answer.error_code == "NoSuchBucket") throw client_.refused(answer.http, call);
    } catch (const StoreError& failure) {
      if (failure.details().code == "NoSuchBucket") throw;
      failures.push_back({key, failure.what()});
    }
  }
  return failures;
}

std::vector<RemoveFailure> S3Store::remove_batch(std::span<const std::string> keys) {
  std::string document = "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const std::string& key : keys) document += "<Object><Key>" + xml_escape(key) + "</Key></Object>";
  document += "<Quiet>true</Quiet></Delete>";
  MemoryBody body(document);
  S3Call call{.operation = "DeleteObjects", .method = "POST", .query = {{"delete", ""}}};
  call.body = &body;
  call.needs_content_md5 = true;
  call.offers_checksum = true;
  S3Answer answer;
  try {
    answer = client_.call(call);
  } catch (const StoreError& failure) {
    const auto& code = failure.details().code;
    if (std::find(kBulkRefusals.begin(), kBulkRefusals.end(), code) == kBulkRefusals.end()) throw;
    log::info("The store refuses to delete in bulk ({}): deleting one by one", code);
    bulk_delete_refused_ = true;
    return remove_singly(keys);
  }
  if (answer.http.body.empty()) return {};  // quiet mode: some stores send nothing at all
  const auto result = XmlDocument::parse(answer.http.body);
  if (!result || result->root().name() != "DeleteResult") {
    throw error(ErrorKind::network, "{}: the store's answer is not a result: {:.100}", call.operation,
                answer.http.body);
  }
  std::vector<RemoveFailure> failures;
  for (const XmlElement& element : result->root().children("Error")) {
    const std::string code = element.child("Code").text();
    if (code == "NoSuchKey") continue;
    failures.push_back({element.child("Key").text(), fmt::format("{}: {}", code, element.child("Message").text())});
  }
  return failures;
}

std::vector<RemoveFailure> S3Store::remove(const std::vector<std::string>& keys) {
  std::vector<RemoveFailure> failures;
  std::span<const std::string> rest(keys);
  while (!rest.empty()) {
    const auto batch = rest.first(std::min(rest.size(), limits().max_remove_batch));
    rest = rest.subspan(batch.size());
    auto failed = bulk_delete_refused_ || batch.size() == 1 ? remove_singly(batch) : remove_batch(batch);
    failures.insert(failures.end(), std::make_move_iterator(failed.begin()), std::make_move_iterator(failed.end()));
  }
  return failures;
}

}  // namespace tapster
