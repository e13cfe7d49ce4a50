#include "wal/content_digest.h"

#include "codec/crc.h"
#include "text/encoding.h"

#include <fmt/format.h>

namespace tapster {

void ContentDigest::record_in(Metadata& metadata) const {
  metadata[kSha256Metadata] = hex_encode(sha256);
  metadata[kCrc64Metadata] = crc64_text(crc64);
}

std::string crc64_text(std::uint64_t crc) { return fmt::format("{:016x}", crc); }

void Crc64Sink::write(Bytes data) {
  crc_ = crc64nvme(crc_, data);
  next_.write(data);
}

}  // namespace tapster
