#include "base/body_pieces.h"

#include <algorithm>
#include <vector>

namespace tapster {

void each_piece(Body& body, const std::function<void(Bytes)>& take) {
  constexpr std::uint64_t kReadBytes = 256 * 1024;
  Body& unsent = body.unsent();
  if (const Bytes whole = unsent.contiguous(); !whole.empty()) return take(whole);
  unsent.rewind();
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::clamp<std::uint64_t>(unsent.size(), 1, kReadBytes)));
  while (const std::size_t count = unsent.read(buffer)) take(Bytes(buffer).first(count));
}

}  // namespace tapster
