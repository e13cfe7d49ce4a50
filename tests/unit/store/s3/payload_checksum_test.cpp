#include "store/s3/payload_checksum.h"

#include "crypto/digest.h"
#include "support/catch.h"

using namespace tapster;

namespace {

std::string of(ChecksumAlgorithm algorithm, std::initializer_list<std::string_view> pieces) {
  PayloadChecksum checksum(algorithm);
  for (const std::string_view piece : pieces) checksum.update(as_bytes(piece));
  return checksum.base64();
}

}  // namespace

TEST_CASE("checksums of the check string, big-endian, in base64") {
  CHECK(of(ChecksumAlgorithm::crc32, {"123456789"}) == "y/Q5Jg==");
  CHECK(of(ChecksumAlgorithm::crc32c, {"123456789"}) == "4waSgw==");
  CHECK(of(ChecksumAlgorithm::crc64nvme, {"123456789"}) == "rosUhgp5mIg=");
  CHECK(of(ChecksumAlgorithm::sha256, {"123456789"}) == "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=");
}

TEST_CASE("checksums do not depend on how the data is cut") {
  for (const auto algorithm :
       {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::sha256}) {
    CHECK(of(algorithm, {"1", "", "2345", "6789"}) == of(algorithm, {"123456789"}));
  }
}

TEST_CASE("checksums of nothing") {
  CHECK(of(ChecksumAlgorithm::crc32, {}) == "AAAAAA==");
  CHECK(of(ChecksumAlgorithm::crc64nvme, {}) == "AAAAAAAAAAA=");
  CHECK(of(ChecksumAlgorithm::sha256, {}) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST_CASE("names of checksums") {
  CHECK(wire_name(ChecksumAlgorithm::crc32c) == "CRC32C");
  CHECK(header_name(ChecksumAlgorithm::crc64nvme) == "x-amz-checksum-crc64nvme");
  CHECK(header_name(ChecksumAlgorithm::sha256) == "x-amz-checksum-sha256");
  CHECK(parse_checksum_algorithm("crc32") == ChecksumAlgorithm::crc32);
  CHECK(parse_checksum_algorithm("CRC64NVME") == ChecksumAlgorithm::crc64nvme);
  CHECK(parse_checksum_algorithm("Sha256") == ChecksumAlgorithm::sha256);
  CHECK_FALSE(parse_checksum_algorithm("sha1"));
  CHECK_FALSE(parse_checksum_algorithm(""));
  CHECK_FALSE(parse_checksum_algorithm("crc32cc"));
}
