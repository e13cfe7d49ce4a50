#include "store/gcs/body_checksum.h"

#include "io/crc.h"

#include <algorithm>
#include <vector>

namespace tapster {

std::uint32_t crc32c_of(Body& body, const std::function<void(Bytes)>& each) {
  constexpr std::uint64_t kReadBytes = 256 * 1024;
  Body& unsent = body.unsent();
  unsent.rewind();
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::clamp<std::uint64_t>(unsent.size(), 1, kReadBytes)));
  std::uint32_t crc = 0;
  while (const std::size_t count = unsent.read(buffer)) {
    const Bytes piece = Bytes(buffer).first(count);
    crc = crc32c(crc, piece);
    if (each) each(piece);
  }
  return crc;
}

}  // namespace tapster
