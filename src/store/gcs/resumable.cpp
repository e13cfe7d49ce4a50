#include "store/gcs/resumable.h"

#include "http/http_status.h"
#include "store/cloud/creation_grace.h"
#include "store/gcs/resumable_stream.h"
#include "store/gcs/verify_stored.h"
#include "store/gcs/wire/object_metadata.h"
#include "store/gcs/wire/object_stat.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <exception>

namespace tapster {
namespace {

constexpr std::string_view kIdPrefix = "resumable-";

// The address as the service gave it. It is not looked into, but what is no address must not end up in a message.
Secret address_in(const HttpResponse& response, const GcsCall& call) {
  const std::string* location = find_header(response.headers, "location");
  const bool usable = location != nullptr && (location->starts_with("https://") || location->starts_with("http://")) &&
                      std::all_of(location->begin(), location->end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!usable) throw error(ErrorKind::network, "{}: the store's answer has no address for the upload", call.operation);
  return Secret(*location);
}

StoreError refusal(const GcsClient& client, const UploadId& upload, const char* operation, const char* code,
                   const std::string& message) {
  return {ErrorKind::general,
          fmt::format("{} failed ({}): {} [bucket {}, key {}]", operation, code, message, client.settings().bucket,
                      upload.key),
          {operation, code, 0, "", client.settings().bucket, upload.key}};
}

}  // namespace

// The stream belongs to whoever has set `busy`; the rest is guarded by the mutex.
struct ResumableSession {
  ResumableSession(GcsClient& client, const std::string& key, Secret address)
      : stream(client, key, std::move(address)) {}

  ResumableStream stream;
  bool exists_already = false;  // the service said so at the beginning: nothing is sent
  std::mutex mutex;
  std::condition_variable_any changed;
  int next = 1;                // the part whose turn it is
  bool busy = false;           // it is on its way
  std::exception_ptr failure;  // of which it has died; it may be tried again
  std::uint64_t size = 0;
};

bool ResumableUploads::has_made(const UploadId& upload) { return upload.id.starts_with(kIdPrefix); }

UploadId ResumableUploads::begin(const std::string& key, std::uint64_t part_size, const PutOptions& options) {
  const std::string document = insert_document(gcs_metadata(options));
  MemoryBody body(document);
  GcsCall call{.operation = "objects.insert", .method = "POST", .path = client_.upload_path(), .key = key};
  call.query = {{"uploadType", "resumable"}, {"name", key}};
  if (!client_.settings().kms_key_name.empty()) call.query.emplace_back("kmsKeyName", client_.settings().kms_key_name);
  call.headers = {{"Content-Type", "application/json; charset=UTF-8"},
                  {"X-Upload-Content-Type", "application/octet-stream"}};
  call.body = &body;
  call.stop = options.stop;
  call.grace = kCreationGrace;
  if (options.if_absent()) {
    call.query.emplace_back("ifGenerationMatch", "0");
    call.accepted = {status::kPreconditionFailed};
  }
  const HttpResponse response = client_.call(call);
  const bool exists = response.status == status::kPreconditionFailed;
  auto session = std::make_shared<ResumableSession>(client_, key, exists ? Secret() : address_in(response, call));
  session->exists_already = exists;
  const std::lock_guard lock(mutex_);
  const std::string id = fmt::format("{}{}", kIdPrefix, ++begun_);
  sessions_.emplace(id, std::move(session));
  return {key, id, part_size};
}

std::shared_ptr<ResumableSession> ResumableUploads::find(const UploadId& upload, const char* operation) const {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(upload.id);
  if (found != sessions_.end()) return found->second;
  throw refusal(client_, upload, operation, "NoSuchUpload", "the upload was completed or aborted");
}

UploadedPart ResumableUploads::send(const UploadId& upload, int number, Body& body, const std::stop_token& stop) {
  constexpr const char* kOperation = "a part of a resumable upload";
  const auto session = find(upload, kOperation);
  if (stop.stop_requested()) throw Interrupted();
  std::unique_lock lock(session->mutex);
  session->changed.wait(lock, stop, [&] {
    return number < session->next || (number == session->next ? !session->busy : session->failure != nullptr);
  });
  if (stop.stop_requested()) throw Interrupted();
  if (number < session->next) {
    throw refusal(client_, upload, kOperation, "InvalidPartOrder",
                  fmt::format("part {} is stored already, and cannot be replaced", number));
  }
  if (number > session->next) std::rethrow_exception(session->failure);  // whoever hears of it first says why
  session->busy = true;
  session->failure = nullptr;
  lock.unlock();
  const auto settle = [&](std::exception_ptr failure) {
    lock.lock();
    session->busy = false;
    session->failure = std::move(failure);
    if (session->failure == nullptr) {
      ++session->next;
      session->size += body.size();
    }
    lock.unlock();
    session->changed.notify_all();
  };
  try {
    if (!session->exists_already) session->stream.add(body, stop);
  } catch (...) {
    settle(std::current_exception());
    throw;
  }
  settle(nullptr);
  return {number, "", "", body.size()};
}

PutResult ResumableUploads::complete(const UploadId& upload, const std::vector<UploadedPart>& parts,
                                     const PutOptions& options) {
  constexpr const char* kOperation = "the end of a resumable upload";
  const auto session = find(upload, kOperation);
  {
    const std::lock_guard lock(session->mutex);
    std::uint64_t size = 0;
    bool in_order = !session->busy && static_cast<int>(parts.size()) == session->next - 1;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      in_order = in_order && parts[i].number == static_cast<int>(i) + 1;
      size += parts[i].size;
    }
    if (!in_order || size != session->size) {
      throw refusal(client_, upload, kOperation, "InvalidPart", "its parts are not those that were sent");
    }
  }
  if (session->exists_already) return PutResult::already_exists;
  const HttpResponse response = session->stream.finish(options.stop);
  if (response.status == status::kPreconditionFailed) return PutResult::already_exists;
  {
    const std::lock_guard lock(mutex_);
    sessions_.erase(upload.id);
  }
  const ObjectStat stored = gcs_stat_from_resource(json_in(response, kOperation));
  verify_stored(client_, upload.key, stored, session->stream.crc32c());
  return PutResult::created;
}

void ResumableUploads::abort(const UploadId& upload) {
  std::shared_ptr<ResumableSession> session;
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(upload.id);
    if (found == sessions_.end()) return;
    session = found->second;
    sessions_.erase(found);
  }
  if (!session->exists_already) session->stream.cancel();
}

}  // namespace tapster
