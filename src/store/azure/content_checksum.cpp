#include "store/azure/content_checksum.h"

#include "base/body_pieces.h"
#include "codec/crc.h"
#include "crypto/digest.h"
#include "text/encoding.h"

#include <array>

namespace tapster {
namespace {

std::string base64_of(std::uint64_t value) {
  std::array<std::byte, sizeof value> bytes{};
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(value & 0xFFU);
    value >>= 8U;
  }
  return base64_encode(bytes);
}

}  // namespace

std::pair<std::string, std::string> ContentChecksum::header(BlobChecksum algorithm) {
  if (algorithm == BlobChecksum::crc64) {
    if (!crc64_) {
      std::uint64_t crc = 0;
      if (body_ != nullptr) each_piece(*body_, [&](Bytes data) { crc = crc64nvme(crc, data); });
      crc64_ = base64_of(crc);
    }
    return {"x-ms-content-crc64", *crc64_};
  }
  if (!md5_) {
    Md5 hash;
    if (body_ != nullptr) each_piece(*body_, [&](Bytes data) { hash.update(data); });
    md5_ = base64_encode(hash.finish());
  }
  return {"Content-MD5", *md5_};
}

}  // namespace tapster
