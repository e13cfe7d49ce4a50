#include "store/s3/payload_checksum.h"

#include "codec/crc.h"
#include "text/encoding.h"

#include <array>

namespace tapster {
namespace {

struct Names {
  ChecksumAlgorithm algorithm;
  std::string_view lower;
  std::string_view upper;
};

constexpr std::array<Names, 4> kNames = {{{ChecksumAlgorithm::crc32, "crc32", "CRC32"},
                                          {ChecksumAlgorithm::crc32c, "crc32c", "CRC32C"},
                                          {ChecksumAlgorithm::crc64nvme, "crc64nvme", "CRC64NVME"},
                                          {ChecksumAlgorithm::sha256, "sha256", "SHA256"}}};

const Names& names_of(ChecksumAlgorithm algorithm) { return kNames.at(static_cast<std::size_t>(algorithm)); }

}  // namespace

std::string_view wire_name(ChecksumAlgorithm algorithm) noexcept { return names_of(algorithm).upper; }

std::string header_name(ChecksumAlgorithm algorithm) {
  return "x-amz-checksum-" + std::string(names_of(algorithm).lower);
}

std::optional<ChecksumAlgorithm> parse_checksum_algorithm(std::string_view name) noexcept {
  for (const Names& names : kNames) {
    if (equals_ignoring_case(names.lower, name)) return names.algorithm;
  }
  return std::nullopt;
}

PayloadChecksum::PayloadChecksum(ChecksumAlgorithm algorithm) : algorithm_(algorithm) {
  if (algorithm == ChecksumAlgorithm::sha256) sha256_.emplace();
}

void PayloadChecksum::update(Bytes data) {
  switch (algorithm_) {
    case ChecksumAlgorithm::crc32:
      crc_ = crc32(static_cast<std::uint32_t>(crc_), data);
      break;
    case ChecksumAlgorithm::crc32c:
      crc_ = crc32c(static_cast<std::uint32_t>(crc_), data);
      break;
    case ChecksumAlgorithm::crc64nvme:
      crc_ = crc64nvme(crc_, data);
      break;
    case ChecksumAlgorithm::sha256:
      sha256_->update(data);
      break;
  }
}

std::string PayloadChecksum::base64() {
  if (sha256_) return base64_encode(sha256_->finish());
  const std::size_t width = algorithm_ == ChecksumAlgorithm::crc64nvme ? 8 : 4;
  std::array<std::byte, 8> big_endian{};
  for (std::size_t i = 0; i < width; ++i) {
    big_endian.at(i) = static_cast<std::byte>(crc_ >> (8 * (width - 1 - i)) & 0xFFU);
  }
  return base64_encode(Bytes(big_endian).first(width));
}

}  // namespace tapster
