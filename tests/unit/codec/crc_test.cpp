#include "codec/crc.h"

#include "support/catch.h"
#include "unit/codec/codec_samples.h"

#include <zlib.h>

using namespace tapster;

static std::uint32_t zlib_crc32(std::uint32_t crc, Bytes data) {
  return static_cast<std::uint32_t>(
      ::crc32(crc, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
}

TEST_CASE("CRCs agree with published values") {
  const Bytes digits = as_bytes("123456789");
  CHECK(crc32(0, digits) == 0xcbf43926);
  CHECK(crc32c(0, digits) == 0xe3069283);
  CHECK(crc64nvme(0, digits) == 0xae8b14860a799888);
  CHECK(crc_by_table::crc32c(0, digits) == 0xe3069283);
  CHECK(crc_by_table::crc64nvme(0, digits) == 0xae8b14860a799888);
  CHECK(crc32c(0, as_bytes(std::string(32, '\0'))) == 0x8a9136aa);               // RFC 3720, B.4
  CHECK(crc64nvme(0, as_bytes(std::string(4096, '\0'))) == 0x6482d367eb22b64e);  // NVM Express 1.0 command set
}

TEST_CASE("the processor's instructions and the tables agree, at every length and alignment") {
  const std::string text = random_bytes(2000);
  for (std::size_t length = 0; length < 700; ++length) {
    const Bytes data = as_bytes(text).subspan(length % 17, length);
    REQUIRE(crc32c(0x12345678, data) == crc_by_table::crc32c(0x12345678, data));
    REQUIRE(crc64nvme(0x123456789abcdef0, data) == crc_by_table::crc64nvme(0x123456789abcdef0, data));
  }
}

TEST_CASE("AVX-512's instructions and the tables agree") {
  const std::string text = random_bytes(5000);
  for (std::size_t length = 1000; length < 3000; ++length) {
    const Bytes data = as_bytes(text).subspan(length % 67, length);
    REQUIRE(crc32(0x12345678, data) == zlib_crc32(0x12345678, data));
    REQUIRE(crc32c(0x12345678, data) == crc_by_table::crc32c(0x12345678, data));
    REQUIRE(crc64nvme(0x123456789abcdef0, data) == crc_by_table::crc64nvme(0x123456789abcdef0, data));
  }
}

TEST_CASE("a CRC continues from the preceding value") {
  const std::string text = random_bytes(1000);
  const Bytes all = as_bytes(text);
  for (std::size_t cut = 0; cut <= all.size(); cut += 37) {
    CHECK(crc32(crc32(0, all.first(cut)), all.subspan(cut)) == crc32(0, all));
    CHECK(crc32c(crc32c(0, all.first(cut)), all.subspan(cut)) == crc32c(0, all));
    CHECK(crc64nvme(crc64nvme(0, all.first(cut)), all.subspan(cut)) == crc64nvme(0, all));
  }
}

TEST_CASE("the CRC-32C of joined pieces is computed from theirs") {
  const std::string text = random_bytes(1000);
  const Bytes all = as_bytes(text);
  for (std::size_t cut = 0; cut <= all.size(); cut += 37) {
    CHECK(crc32c_combine(crc32c(0, all.first(cut)), crc32c(0, all.subspan(cut)), all.size() - cut) == crc32c(0, all));
  }
  // 8 GiB of zeros, combined by doubling and piece by piece.
  const std::uint32_t zeros = crc32c(0, as_bytes(std::string(1 << 20, '\0')));
  std::uint32_t doubled = zeros;
  for (std::uint64_t size = 1 << 20; size < (std::uint64_t{1} << 33); size *= 2) {
    doubled = crc32c_combine(doubled, doubled, size);
  }
  std::uint32_t added = 0;
  for (int i = 0; i < 1 << 13; ++i) added = crc32c_combine(added, zeros, 1 << 20);
  CHECK(doubled == added);
}
