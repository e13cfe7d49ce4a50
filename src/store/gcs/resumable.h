// Resumable uploads ("Perform resumable uploads", JSON API): for endpoints that do not have the XML API's uploads in
// parts.
#pragma once

#include "store/gcs/gcs_client.h"

#include <tapster/object_store.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

struct ResumableSession;

// ObjectStore's uploads, with what the protocol cannot do taken away: there is one stream, so upload_part waits until
// the part before is stored (and fails when that has failed), and a part that is stored cannot be sent again. The
// condition if_absent is that of the beginning. What is left behind vanishes by itself after a week and cannot be
// listed: the service does not tell. Thread-safe; the client is borrowed.
class ResumableUploads {
 public:
  explicit ResumableUploads(GcsClient& client) : client_(client) {}

  // The id is a name within this object: the session's address is a credential, and stays here.
  UploadId begin(const std::string& key, std::uint64_t part_size, const PutOptions& options);
  static bool has_made(const UploadId& upload);
  UploadedPart send(const UploadId& upload, int number, Body& body, const std::stop_token& stop);
  // The CRC-32C of the whole is sent along and, in the answer, compared.
  PutResult complete(const UploadId& upload, const std::vector<UploadedPart>& parts, const PutOptions& options);
  void abort(const UploadId& upload);  // throws what the client throws

 private:
  std::shared_ptr<ResumableSession> find(const UploadId& upload, const char* operation) const;

  GcsClient& client_;
  mutable std::mutex mutex_;  // guards what follows
  std::map<std::string, std::shared_ptr<ResumableSession>> sessions_;
  int begun_ = 0;
};

}  // namespace tapster
