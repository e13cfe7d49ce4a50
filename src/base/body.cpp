#include <tapster/body.h>

#include <algorithm>
#include <cstring>

namespace tapster {

std::size_t MemoryBody::read(std::span<std::byte> out) {
  const std::size_t count = std::min(out.size(), data_.size() - position_);
  if (count != 0) std::memcpy(out.data(), data_.data() + position_, count);
  position_ += count;
  return count;
}

}  // namespace tapster
