// Keeps bytes of unknown number in blocks. Growing never copies, so the peak of memory is what is kept, not twice that.
#pragma once

#include <tapster/body.h>
#include <tapster/byte_sink.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace tapster {

class BlockBuffer final : public ByteSink {
 public:
  void write(Bytes data) override;
  void finish() override {}
  std::uint64_t size() const noexcept { return size_; }
  void clear() noexcept { size_ = 0; }  // keeps the blocks for later writes

 private:
  friend class BlockBody;
  static constexpr std::size_t kBlockSize = std::size_t{1} << 20U;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::uint64_t size_ = 0;
};

// Borrows the buffer, which must not change while this exists.
class BlockBody final : public Body {
 public:
  explicit BlockBody(const BlockBuffer& buffer) : buffer_(buffer) {}
  std::uint64_t size() const override { return buffer_.size_; }
  void rewind() override { position_ = 0; }
  std::size_t read(std::span<std::byte> out) override;

 private:
  const BlockBuffer& buffer_;
  std::uint64_t position_ = 0;
};

}  // namespace tapster
