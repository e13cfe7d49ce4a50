// Memory straight from the system, for buffers of many megabytes.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace tapster {

// Pages that are never touched cost no memory, and all of it is given back at once: an allocator may do
// neither. Throws std::bad_alloc.
class PageBuffer {
 public:
  PageBuffer() = default;
  explicit PageBuffer(std::size_t size);
  PageBuffer(PageBuffer&& other) noexcept : span_(std::exchange(other.span_, {})) {}
  PageBuffer& operator=(PageBuffer&& other) noexcept {
    std::swap(span_, other.span_);
    return *this;
  }
  ~PageBuffer();

  std::byte* data() const noexcept { return span_.data(); }
  std::size_t size() const noexcept { return span_.size(); }

 private:
  std::span<std::byte> span_;
};

}  // namespace tapster
