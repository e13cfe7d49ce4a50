#include "codec/deflate/gzip_member.h"

#include <tapster/clock.h>

namespace tapster {
namespace {

void append_little(std::vector<std::byte>& to, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<std::byte>(value >> shift));
}

}  // namespace

std::vector<std::byte> gzip_header(int gzip_level) {
  constexpr std::byte kDeflate{8}, kNoFlags{0}, kUnknownSystem{255};
  const std::byte extra{static_cast<unsigned char>(gzip_level == 1 ? 4 : gzip_level == 9 ? 2 : 0)};
  std::vector<std::byte> header{std::byte{0x1f}, std::byte{0x8b}, kDeflate, kNoFlags};
  append_little(header, static_cast<std::uint32_t>(std::chrono::system_clock::to_time_t(SystemClock().now())));
  header.insert(header.end(), {extra, kUnknownSystem});
  return header;
}

void append_gzip_trailer(std::vector<std::byte>& to, std::uint32_t crc, std::uint32_t size) {
  append_little(to, crc);
  append_little(to, size);
}

}  // namespace tapster
