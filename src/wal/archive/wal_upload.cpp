#include "wal/archive/wal_upload.h"

#include "store/transfer/part_size.h"
#include "text/encoding.h"
#include "wal/archive/block_buffer.h"
#include "wal/wal_objects.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <algorithm>
#include <vector>

namespace tapster {
namespace {

// A multipart upload that is aborted unless it created the object.
class PartedUpload {
 public:
  PartedUpload(ObjectStore& store, const std::string& key, std::uint64_t part_size, const PutOptions& options)
      : store_(store), options_(options), id_(store.begin_upload(key, part_size, options)) {}
  PartedUpload(const PartedUpload&) = delete;
  PartedUpload& operator=(const PartedUpload&) = delete;
  ~PartedUpload() {
    if (!created_) store_.abort_upload(id_);
  }
  void add(Body& part) {
    parts_.push_back(store_.upload_part(id_, static_cast<int>(parts_.size()) + 1, part, options_.stop));
  }
  PutResult complete() {
    const PutResult result = store_.complete_upload(id_, parts_, options_);
    created_ = result == PutResult::created;
    return result;
  }

 private:
  ObjectStore& store_;
  const PutOptions& options_;
  UploadId id_;
  std::vector<UploadedPart> parts_;
  bool created_ = false;
};

// Collects what a compressor makes, and sends it as a part whenever it is full and more comes.
class SpillingBuffer final : public ByteSink {
 public:
  SpillingBuffer(ObjectStore& store, const std::string& key, std::uint64_t part_size, const PutOptions& options)
      : store_(store), key_(key), part_size_(part_size), options_(options) {}

  void write(Bytes data) override {
    while (!data.empty()) {
      if (buffer_.size() == part_size_) send_part();
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), part_size_ - buffer_.size()));
      buffer_.write(data.first(count));
      data = data.subspan(count);
    }
  }
  void finish() override {}

  PutResult publish() {
    if (upload_) {
      send_part();
      return upload_->complete();
    }
    BlockBody body(buffer_);
    return store_.put(key_, body, options_);
  }

 private:
  void send_part() {
    if (!upload_) upload_.emplace(store_, key_, part_size_, options_);
    BlockBody part(buffer_);
    upload_->add(part);
    buffer_.clear();
  }

  ObjectStore& store_;
  const std::string& key_;
  std::uint64_t part_size_;
  const PutOptions& options_;
  BlockBuffer buffer_;
  std::optional<PartedUpload> upload_;
};

// One request. `test` as in upload_wal.
PutResult put_whole(ObjectStore& store, const std::string& key, Body& body, const PutOptions& options,
                    ConditionTest* test) {
  const PutResult result = store.put(key, body, options);
  // A store that has just refused the condition needs no test.
  const bool open_question = store.capabilities().create_only == CreateOnly::unknown;
  if (test == nullptr || !open_question || result != PutResult::created) return result;
  try {
    const bool heeded = store.put(key, body, options) == PutResult::already_exists;
    *test = heeded ? ConditionTest::heeded : ConditionTest::ignored;
  } catch (const Error& failure) {
    log::debug("cannot tell whether the store keeps to creating only: {}", failure.what());
  }
  return result;
}

PutResult upload_plain(ObjectStore& store, const std::string& key, const LocalWalFile& file, PutOptions options,
                       ConditionTest* test) {
  const StoreLimits limits = store.limits();
  if (file.size() <= (limits.put_splits ? limits.max_put_size : std::min(kMaxSinglePut, limits.max_put_size))) {
    const auto body = file.body(0, file.size());
    return put_whole(store, key, *body, options, test);
  }
  options.body_sha256.reset();
  options.protection = without_listing(options.protection);
  const std::uint64_t part_size = part_size_within(limits, kMaxBodyInMemory);
  PartedUpload upload(store, key, part_size, options);
  for (std::uint64_t offset = 0; offset < file.size(); offset += part_size) {
    const auto part = file.body(offset, part_size);
    upload.add(*part);
  }
  return upload.complete();
}

// Compresses while the digest is computed: metadata must be complete when the request begins.
PutResult upload_compressed_whole(ObjectStore& store, LocalWalFile& file, const WalUpload& upload, PutOptions options,
                                  ConditionTest* test) {
  BlockBuffer buffer;
  const auto compressor = make_compressor(upload.compression, upload.level, buffer, file.size());
  if (store.capabilities().metadata) {
    ContentDigestSink hash(*compressor);
    file.stream_into(hash);
    file.set_digest(hash.digest());
    file.digest().record_in(options.metadata);
  } else {
    file.stream_into(*compressor);
  }
  BlockBody body(buffer);
  return put_whole(store, upload.key, body, options, test);
}

PutResult upload_compressed_in_parts(ObjectStore& store, const LocalWalFile& file, const WalUpload& upload,
                                     PutOptions options) {
  options.protection = without_listing(options.protection);
  SpillingBuffer buffer(store, upload.key, part_size_within(store.limits(), kMaxBodyInMemory), options);
  const auto compressor = make_compressor(upload.compression, upload.level, buffer, file.size());
  file.stream_into(*compressor);
  return buffer.publish();
}

}  // namespace

PutResult upload_wal(ObjectStore& store, LocalWalFile& file, const WalUpload& upload, ConditionTest* test) {
  PutOptions options;
  options.protection = upload.protection;
  options.tags = upload.tags;
  options.stop = file.stop();
  const bool compressed = upload.compression != Compression::none;
  if (compressed && file.size() <= kMaxBodyInMemory) {
    return upload_compressed_whole(store, file, upload, std::move(options), test);
  }
  // These are read twice: metadata must be complete when the first request begins.
  if (store.capabilities().metadata) file.digest().record_in(options.metadata);
  if (compressed) return upload_compressed_in_parts(store, file, upload, std::move(options));
  if (store.capabilities().metadata) options.body_sha256 = file.digest().sha256;
  return upload_plain(store, upload.key, file, std::move(options), test);
}

}  // namespace tapster
