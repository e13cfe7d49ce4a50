// Google Cloud Storage: by its JSON API, and by its XML API where that does what the other cannot (parts side by side,
// a download that brings the metadata along).
#pragma once

#include "store/gcs/gcs_client.h"
#include "store/gcs/resumable.h"

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/object_store.h>
#include <tapster/open_store.h>

#include <atomic>
#include <memory>
#include <span>

namespace tapster {

// Tags become metadata, beside ours, as the original has it; stat gives both back. An entity tag is a generation.
//
// A put is create-only by a condition, and so is a resumable upload. Uploads in parts know no conditions: there the
// store looks before it completes, and of two who complete at the same moment the later one wins.
class GcsStore : public ObjectStore {
 public:
  // `client` is borrowed.
  explicit GcsStore(GcsClient& client) : client_(client), resumable_(client) {}

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
  StoreCapabilities capabilities() const override {
    return {.metadata = true, .tags = true, .object_lock = true, .create_only = CreateOnly::honoured};
  }
  std::string identity() const override { return client_.settings().endpoint_url + " " + client_.describe(""); }
  std::string describe(const std::string& key) const override { return client_.describe(key); }

 private:
  friend class GcsDownload;

  // Whether this 404 says that there is no such object. Asks by a listing where it does not say what is missing; throws
  // when that cannot tell, or when it is the bucket.
  bool proven_absent(const HttpResponse& response, const GcsCall& call);
  std::vector<RemoveFailure> remove_batch(std::span<const std::string> keys);
  std::vector<RemoveFailure> remove_singly(std::span<const std::string> keys);
  PutResult complete_in_parts(const UploadId& upload, const std::vector<UploadedPart>& parts,
                              const PutOptions& options);
  void add_metadata_afterwards(const std::string& key, const PutOptions& options);

  GcsClient& client_;
  ResumableUploads resumable_;
  std::atomic<bool> lacks_batch_{false};
  std::atomic<bool> lacks_parts_{false};          // of the XML API
  std::atomic<bool> lacks_xml_downloads_{false};  // as a few emulators do
};

// Settings, client, identity and store under one owner.
std::unique_ptr<ObjectStore> open_gcs_store(const StoreLocation& location, const StoreOptions& options,
                                            const Environment& environment, Clock& clock);

}  // namespace tapster
