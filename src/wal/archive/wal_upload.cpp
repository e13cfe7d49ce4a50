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
class Upload {
 public:
  Upload(ObjectStore& store, const std::string& key, std::uint64_t part_size, const PutOptions& options)
      : store_(store), options_(options), id_(store.begin_upload(key, part_size, options)) {}
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() {
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

// Collects what a compressor makes, and sends a part whenever it is full and more comes.
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
  std::optional<Upload> upload_;
};

// One request. `test` is what upload_wal says of it.
PutResult put_whole(ObjectStore& store, const std::string& key, Body& body, PutOptions options, CreateOnlyTest* test) {
  const PutResult result = store.put(key, body, options);
  // A store that has just refused the condition needs no test.
  const bool open_question = store.capabilities().create_only == CreateOnly::unknown;
  if (test == nullptr || !open_question || result != PutResult::created) return result;
  options.known_absent = true;  // by this key: a look would find the object and spare the write that is the question
  try {
    const bool kept = store.put(key, body, options) == PutResult::already_exists;
    *test = kept ? CreateOnlyTest::kept : CreateOnlyTest::ignored;
  } catch (const Error& failure) {
    log::debug("cannot tell whether the store keeps to creating only: {}", failure.what());
  }
  return result;
}

PutResult upload_plain(ObjectStore& store, const std::string& key, const LocalWalFile& source, PutOptions options,
                       CreateOnlyTest* test) {
  const StoreLimits limits = store.limits();
  if (source.size() <= (limits.put_splits ? limits.max_put_size : std::min(kMaxSinglePut, limits.max_put_size))) {
    const auto body = source.body(0, source.size());
    return put_whole(store, key, *body, std::move(options), test);
  }
  options.body_sha256.reset();
  options.known_absent = false;  // that was long ago when the last part is sent
  const std::uint64_t part_size = part_size_within(limits, kMaxBodyInMemory);
  Upload upload(store, key, part_size, options);
  for (std::uint64_t offset = 0; offset < source.size(); offset += part_size) {
    const auto part = source.body(offset, part_size);
    upload.add(*part);
  }
  return upload.complete();
}

// The digest must be known when an upload begins, and a small file becomes one request.
PutResult upload_compressed_whole(ObjectStore& store, LocalWalFile& source, const WalUpload& upload, PutOptions options,
                                  CreateOnlyTest* test) {
  BlockBuffer buffer;
  const auto compressor = make_compressor(upload.compression, upload.level, buffer, source.size());
  if (store.capabilities().metadata) {
    ContentDigestSink hash(*compressor);
    source.stream_into(hash);
    source.set_digest(hash.digest());
    source.digest().record_in(options.metadata);
  } else {
    source.stream_into(*compressor);
  }
  BlockBody body(buffer);
  return put_whole(store, upload.key, body, std::move(options), test);
}

PutResult upload_compressed_in_parts(ObjectStore& store, const LocalWalFile& source, const WalUpload& upload,
                                     const PutOptions& options) {
  SpillingBuffer buffer(store, upload.key, part_size_within(store.limits(), kMaxBodyInMemory), options);
  const auto compressor = make_compressor(upload.compression, upload.level, buffer, source.size());
  source.stream_into(*compressor);
  return buffer.publish();
}

}  // namespace

PutResult upload_wal(ObjectStore& store, LocalWalFile& source, const WalUpload& upload, CreateOnlyTest* test) {
  PutOptions options;
  options.if_absent = true;
  options.known_absent = upload.known_absent;
  options.condition_proven = upload.condition_proven;
  options.tags = upload.tags;
  options.stop = source.stop();
  if (upload.compression != Compression::none && source.size() <= kMaxBodyInMemory) {
    return upload_compressed_whole(store, source, upload, std::move(options), test);
  }
  if (store.capabilities().metadata) source.digest().record_in(options.metadata);
  if (upload.compression != Compression::none) {
    options.known_absent = false;  // that was long ago when the last part is sent
    return upload_compressed_in_parts(store, source, upload, options);
  }
  if (store.capabilities().metadata) options.body_sha256 = source.digest().sha256;
  return upload_plain(store, upload.key, source, std::move(options), test);
}

}  // namespace tapster
