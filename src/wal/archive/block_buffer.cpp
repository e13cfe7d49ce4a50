#include "wal/archive/block_buffer.h"

namespace tapster {

void BlockBuffer::write(Bytes data) {
  while (!data.empty()) {
    const std::size_t block = size_ / kBlockSize;
    const std::size_t offset = size_ % kBlockSize;
    if (block == blocks_.size()) blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kBlockSize));
    const std::size_t count = std::min(data.size(), kBlockSize - offset);
    std::copy_n(data.begin(), count, blocks_[block].get() + offset);
    data = data.subspan(count);
    size_ += count;
  }
}

std::size_t BlockBody::read(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size() && position_ < buffer_.size_) {
    const std::size_t offset = position_ % BlockBuffer::kBlockSize;
    const auto left = static_cast<std::size_t>(buffer_.size_ - position_);
    const std::size_t count = std::min({out.size() - done, BlockBuffer::kBlockSize - offset, left});
    std::copy_n(buffer_.blocks_[position_ / BlockBuffer::kBlockSize].get() + offset, count, out.data() + done);
    done += count;
    position_ += count;
  }
  return done;
}

}  // namespace tapster
