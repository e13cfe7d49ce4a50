#include "codec/deflate/gzip_member.h"

#include "base/little_endian.h"

#include <tapster/clock.h>

namespace tapster {
namespace {

void append(std::vector<std::byte>& to, std::uint32_t value) {
  std::byte bytes[sizeof value];
  store_little_endian<sizeof value>(bytes, value);
  to.insert(to.end(), std::begin(bytes), std::end(bytes));
}

}  // namespace

std::vector<std::byte> gzip_header(int gzip_level) {
  constexpr std::byte kDeflate{8}, kNoFlags{0}, kUnknownSystem{255};
  const std::byte extra{static_cast<unsigned char>(gzip_level == 1 ? 4 : gzip_level == 9 ? 2 : 0)};
  std::vector<std::byte> header{std::byte{0x1f}, std::byte{0x8b}, kDeflate, kNoFlags};
  append(header, static_cast<std::uint32_t>(std::chrono::system_clock::to_time_t(SystemClock().now())));
  header.insert(header.end(), {extra, kUnknownSystem});
  return header;
}

void append_gzip_trailer(std::vector<std::byte>& to, std::uint32_t crc, std::uint32_t size) {
  append(to, crc);
  append(to, size);
}

}  // namespace tapster
