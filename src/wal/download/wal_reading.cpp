#include "wal/download/wal_reading.h"

#include "text/encoding.h"
#include "wal/content_digest.h"

#include <tapster/error.h>

#include <exception>
#include <memory>

namespace tapster {
namespace {

// Puts the object's name before the decompressor's errors, and leaves those of `out` as they are.
class DecompressingSink final : public ByteSink {
 public:
  DecompressingSink(Compression compression, ByteSink& out, std::string object, std::stop_token stop)
      : tail_(out),
        decompressor_(make_decompressor(compression, tail_)),
        object_(std::move(object)),
        stop_(std::move(stop)) {}

  void write(Bytes data) override {
    if (stop_.stop_requested()) throw Interrupted();
    guarded([&] { decompressor_->write(data); });
  }
  void finish() override {
    guarded([&] { decompressor_->finish(); });
  }

 private:
  // Stands before `out`, and remembers whether `out` has failed.
  class Tail final : public ByteSink {
   public:
    explicit Tail(ByteSink& next) : next_(next) {}
    void write(Bytes data) override {
      failed_ = true;
      next_.write(data);
      failed_ = false;
    }
    void finish() override {}  // the caller of read_wal_object publishes
    bool failed() const { return failed_; }

   private:
    ByteSink& next_;
    bool failed_ = false;
  };

  template <typename Step>
  void guarded(const Step& step) {
    try {
      step();
    } catch (const Error& failure) {
      if (tail_.failed()) throw;
      throw error(failure.kind(), "{}: {}", object_, failure.what());
    }
  }

  Tail tail_;
  std::unique_ptr<ByteSink> decompressor_;
  std::string object_;
  std::stop_token stop_;
};

}  // namespace

std::optional<ObjectStat> read_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                          std::stop_token stop) {
  DecompressingSink sink(object.compression, out, store.describe(object.key), stop);
  GetOptions options;
  options.stop = std::move(stop);
  auto stat = store.get(object.key, sink, options);
  if (stat) sink.finish();
  return stat;
}

std::optional<Evidence> read_verified_wal_object(ObjectStore& store, const WalObject& object, ByteSink& out,
                                                 std::stop_token stop) {
  Crc64Sink crc(out);
  const auto stat = read_wal_object(store, object, crc, std::move(stop));
  if (!stat) return std::nullopt;
  if (object.size && *object.size != stat->size) {
    throw error(ErrorKind::general, "{} was listed with {} bytes, but {} came: it was replaced or damaged on its way",
                store.describe(object.key), *object.size, stat->size);
  }
  const auto recorded = stat->metadata.find(kCrc64Metadata);
  if (recorded == stat->metadata.end()) return Evidence::length;
  if (to_lower(recorded->second) != crc64_text(crc.crc())) {
    throw error(ErrorKind::general,
                "{} is damaged, or was on its way: the CRC-64 of what came is {}, of what was archived {}",
                store.describe(object.key), crc64_text(crc.crc()), recorded->second);
  }
  return Evidence::checksum;
}

}  // namespace tapster
