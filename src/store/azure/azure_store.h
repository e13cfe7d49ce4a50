// Azure Blob Storage: block blobs in one container.
//
// What differs from other stores:
// - A blob that was begun and has no blocks committed is an unfinished upload. The service gives no id to it, so the
//   names of its blocks do (block_id.h); it discards what was not committed a week after the last block.
// - Completing an upload discards the blocks of every other upload of the same key.
// - Nothing but making a blob out of them discards blocks. abort_upload does so, with an empty one that is gone in a
//   moment, unless the upload is to create only: for that moment there would be an empty WAL segment. Those are left to
//   the service.
#pragma once

#include "store/azure/azure_client.h"
#include "store/azure/wire/azure_limits.h"

#include <tapster/environment.h>
#include <tapster/object_store.h>
#include <tapster/open_store.h>

#include <atomic>
#include <memory>
#include <span>

namespace tapster {

class AzureStore : public ObjectStore {
 public:
  // `client` is borrowed.
  explicit AzureStore(AzureClient& client) : client_(client) {}

  std::optional<ObjectStat> stat(const std::string& key) override;
  std::optional<ObjectStat> get(const std::string& key, ByteSink& sink, const GetOptions& options) override;
  // Beyond max_single_put_size in blocks, max_concurrency of which are sent at once; takes as many buffers of
  // max_block_size, and one.
  PutResult put(const std::string& key, Body& body, const PutOptions& options) override;
  void list(const std::string& prefix, const ListOptions& options,
            const std::function<bool(const ListPage&)>& each) override;
  std::vector<RemoveFailure> remove(const std::vector<std::string>& keys) override;
  UploadId begin_upload(const std::string& key, std::uint64_t part_size, const PutOptions& options) override;
  UploadedPart upload_part(const UploadId& upload, int number, Body& body, const std::stop_token& stop = {}) override;
  PutResult complete_upload(const UploadId& upload, const std::vector<UploadedPart>& parts,
                            const PutOptions& options) override;
  void abort_upload(const UploadId& upload) noexcept override;
  // Tells no time of those that abort_upload leaves to the service: other programs' (whose age nobody knows), and those
  // that are to create only.
  void list_uploads(const std::string& prefix, const std::function<bool(const UnfinishedUpload&)>& each) override;
  std::optional<TimePoint> newest_part(const UploadId& upload) override;
  bool container_exists() override;
  void create_container() override;
  StoreLimits limits() const override;
  StoreCapabilities capabilities() const override {
    return {.metadata = true, .tags = true, .object_lock = true, .create_only = CreateOnly::honoured};
  }
  std::string identity() const override { return client_.name_of(""); }
  std::string describe(const std::string& key) const override { return client_.name_of(key); }

 private:
  PutResult put_in_blocks(const std::string& key, Body& body, const PutOptions& options);
  AzureCall block_call(const UploadId& upload, int number, Body& body, const std::stop_token& stop);
  bool is_committed(const std::string& key, const std::vector<std::string>& blocks);
  bool discard_blocks(const UploadId& upload);
  std::vector<RemoveFailure> remove_batch(std::span<const std::string> keys);
  std::vector<RemoveFailure> remove_singly(std::span<const std::string> keys);

  AzureClient& client_;
  std::atomic<bool> batches_refused_{false};
};

// The whole: settings, client, credentials and store under one owner.
std::unique_ptr<ObjectStore> open_azure_store(const StoreLocation& location, const StoreOptions& options,
                                              const Environment& environment, Clock& clock);

}  // namespace tapster
