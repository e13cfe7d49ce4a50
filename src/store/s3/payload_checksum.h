// The checksums of S3's "Checking object integrity": the payload-checksum policy's arithmetic.
#pragma once

#include "crypto/digest.h"

#include <tapster/byte_sink.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

enum class ChecksumAlgorithm { crc32, crc32c, crc64nvme, sha256 };

// The name in x-amz-checksum-algorithm and in XML elements ("Checksum" + it): "CRC32C".
std::string_view wire_name(ChecksumAlgorithm algorithm) noexcept;
// "x-amz-checksum-crc32c".
std::string header_name(ChecksumAlgorithm algorithm);
// From the command line or a header's tail, "crc32c"; nullopt for anything else.
std::optional<ChecksumAlgorithm> parse_checksum_algorithm(std::string_view name) noexcept;

// One running checksum.
class PayloadChecksum {
 public:
  explicit PayloadChecksum(ChecksumAlgorithm algorithm);
  void update(Bytes data);
  std::string base64();  // the header's value; once, when all was given

 private:
  ChecksumAlgorithm algorithm_;
  std::uint64_t crc_ = 0;
  std::optional<Sha256> sha256_;
};

}  // namespace tapster
