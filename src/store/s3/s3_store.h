// Amazon S3 and everything that speaks its API.
#pragma once

#include "store/s3/s3_client.h"

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/object_store.h>
#include <tapster/open_store.h>

#include <atomic>
#include <memory>

namespace tapster {

class S3Store : public ObjectStore {
 public:
  // `client` is borrowed.
  explicit S3Store(S3Client& client) : client_(client) {}

  std::optional<ObjectStat> stat(const std::string& key) override;
  std::optional<ObjectStat> get(const std::string& key, ByteSink& sink, const GetOptions& options) override;
  PutResult put(const std::string& key, Body& body, const PutOptions& options) override;
  void list(const std::string& prefix, const ListOptions& options,
            const std::function<bool(const ListPage&)>& each) override;
  std::vector<RemoveFailure> remove(const std::vector<std::string>& keys) override;
  UploadId begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) override;
  UploadedPart upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop = {}) override;
  PutResult complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                            const PutOptions& options) override;
  void abort_upload(const UploadId& upload) noexcept override;
  void list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) override;
  std::optional<TimePoint> newest_part(const UploadId& upload) override;
  bool container_exists() override;
  void create_container() override;
  StoreLimits limits() const override;
  StoreCapabilities capabilities() const override;
  std::string identity() const override;
  std::string describe(const std::string& key) const override;

 private:
  HttpHeaders creation_headers(const PutOptions& options);
  bool send_condition(const std::string& key, const PutOptions& options, ConditionalPut support, bool& exists);
  bool proven_absent(const std::string& key);
  std::vector<RemoveFailure> remove_batch(std::span<const std::string> keys);
  std::vector<RemoveFailure> remove_singly(std::span<const std::string> keys);
  bool stored_whole(const UploadId& upload, const std::vector<UploadedPart>& parts);
  void tag_afterwards(const std::string& key, const PutOptions& options);

  S3Client& client_;
  std::atomic<bool> conditions_refused_{false};  // the store answered 501 to If-None-Match
  std::atomic<bool> bulk_delete_refused_{false};
  std::atomic<bool> tags_left_out_{false};  // and a warning was given
};

// A store that owns its settings, client and credentials.
std::unique_ptr<ObjectStore> open_s3_store(const StoreLocation& location, const StoreOptions& options,
                                           const Environment& environment, Clock& clock);

// Size, ETag and metadata out of the headers of a HEAD or GET.
ObjectStat stat_from_headers(const HttpHeaders& headers);

}  // namespace tapster
