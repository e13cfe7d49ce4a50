// What identifies the content of a WAL file, whatever form it is stored in. The archiver records it in the
// object's metadata.
//
// Two values, because they are asked for at different times: SHA-256 tells whether two files of one
// name are the same (nobody can afford a wrong yes), and CRC-64 tells whether a restored file came
// undamaged, at a tenth of the time of the former, in the path that recovery waits for.
#pragma once

#include "crypto/digest.h"

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <string>

namespace tapster {

// Names of the metadata, in lower-case hex: of the uncompressed bytes.
inline constexpr const char* kSha256Metadata = "tapster-sha256";
inline constexpr const char* kCrc64Metadata = "tapster-crc64nvme";

struct ContentDigest {
  Sha256Digest sha256{};
  std::uint64_t crc64 = 0;  // CRC-64/NVME

  void record_in(Metadata& metadata) const;
};

std::string crc64_text(std::uint64_t crc);  // 16 hex digits

// Pass-throughs that compute while they hand on.
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
  ContentDigest digest() { return {sha256_.digest(), crc64_.crc()}; }  // once, when all was written

 private:
  Crc64Sink crc64_;
  Sha256Sink sha256_;
};

}  // namespace tapster
