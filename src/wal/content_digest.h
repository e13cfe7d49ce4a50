// The digests of a WAL file's uncompressed content. The archiver records them in the object's metadata.
//
// They serve different readers. The archiver compares two files of one name by SHA-256, because a wrong "same" would
// lose a segment. The restorer finds damage by CRC-64, which takes a tenth of the time, because recovery waits for it.
#pragma once

#include "crypto/digest.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <string>

namespace tapster {

// Names of the metadata. The values are lower-case hex.
inline constexpr const char* kSha256Metadata = "tapster-sha256";
inline constexpr const char* kCrc64Metadata = "tapster-crc64nvme";

struct ContentDigest {
  Sha256Digest sha256{};
  std::uint64_t crc64 = 0;  // CRC-64/NVME

  void record_in(Metadata& metadata) const;
};

std::string crc64_text(std::uint64_t crc);  // 16 hex digits

// Pass-throughs that compute a digest of what they pass on.
class Crc64Sink final : public ByteSink {
 public:
  explicit Crc64Sink(ByteSink& next) : next_(next) {}
  void write(Bytes data) override;
  void finish() override { next_.finish(); }
  std::uint64_t crc() const noexcept { return crc_; }

 private:
  ByteSink& next_;
  std::uint64_t crc_ = 0;
};

class ContentDigestSink final : public ByteSink {
 public:
  explicit ContentDigestSink(ByteSink& next) : crc64_(next), sha256_(crc64_) {}
  void write(Bytes data) override { sha256_.write(data); }
  void finish() override { sha256_.finish(); }
  ContentDigest digest() { return {sha256_.digest(), crc64_.crc()}; }  // call it once, after the last write

 private:
  Crc64Sink crc64_;
  Sha256Sink sha256_;
};

}  // namespace tapster
