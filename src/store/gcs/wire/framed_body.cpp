#include "store/gcs/wire/framed_body.h"

#include <tapster/error.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tapster {

// A body can only be read from its beginning.
void FramedBody::skip_to_middle() {
  if (at_middle_) return;
  middle_.rewind();
  std::array<std::byte, 64 * 1024> skipped{};
  for (std::uint64_t left = skip_; left != 0;) {
    const std::size_t count =
        middle_.read(std::span(skipped).first(static_cast<std::size_t>(std::min<std::uint64_t>(left, skipped.size()))));
    if (count == 0) throw Error(ErrorKind::general, "what is to be sent has become shorter");
    left -= count;
  }
  at_middle_ = true;
}

std::size_t FramedBody::read(std::span<std::byte> out) {
  const auto some_of = [&](const std::string& text, std::uint64_t from) {
    const std::size_t count = std::min(out.size(), text.size() - static_cast<std::size_t>(from));
    std::memcpy(out.data(), text.data() + from, count);
    position_ += count;
    return count;
  };
  const std::uint64_t middle_end = before_.size() + count_;
  if (position_ < before_.size()) return some_of(before_, position_);
  if (position_ >= middle_end) return some_of(after_, position_ - middle_end);
  skip_to_middle();
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), middle_end - position_));
  const std::size_t count = middle_.read(out.first(wanted));
  if (count == 0) throw Error(ErrorKind::general, "what is to be sent has become shorter");
  position_ += count;
  return count;
}

}  // namespace tapster
