#include "wal/segment_header.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tapster {
namespace {

constexpr std::size_t kMagicOffset = 0;         // xlp_magic
constexpr std::size_t kInfoOffset = 2;          // xlp_info
constexpr std::size_t kSystemOffset = 24;       // xlp_sysid
constexpr std::size_t kSegmentSizeOffset = 32;  // xlp_seg_size
constexpr std::uint16_t kLongHeader = 0x0002;   // XLP_LONG_HEADER
// XLOG_PAGE_MAGIC lies between 0xD000 and 0xDFFF in every release. A foreign byte order is outside of that.
constexpr std::uint16_t kMagicMask = 0xF000;
constexpr std::uint16_t kMagic = 0xD000;
constexpr std::uint32_t kMinSegmentSize = 1U << 20U;
constexpr std::uint32_t kMaxSegmentSize = 1U << 30U;

template <typename Number>
Number number_at(Bytes data, std::size_t offset) {
  Number number{};
  std::memcpy(&number, data.data() + offset, sizeof(number));
  return number;
}

}  // namespace

bool is_segment_size(std::uint64_t bytes) noexcept {
  return std::has_single_bit(bytes) && bytes >= kMinSegmentSize && bytes <= kMaxSegmentSize;
}

std::optional<SegmentHeader> segment_header_in(Bytes header) {
  if (header.size() < kLongHeaderSize) return std::nullopt;
  if ((number_at<std::uint16_t>(header, kMagicOffset) & kMagicMask) != kMagic) return std::nullopt;
  if ((number_at<std::uint16_t>(header, kInfoOffset) & kLongHeader) == 0) return std::nullopt;
  const auto size = number_at<std::uint32_t>(header, kSegmentSizeOffset);
  if (!is_segment_size(size)) return std::nullopt;
  return SegmentHeader{number_at<std::uint64_t>(header, kSystemOffset), size};
}

std::optional<std::uint32_t> segment_size_in(Bytes header) {
  const auto found = segment_header_in(header);
  return found ? std::optional(found->segment_size) : std::nullopt;
}

void SegmentHeaderSink::write(Bytes data) {
  if (bytes_ < kLongHeaderSize) {
    const std::size_t count = std::min(data.size(), static_cast<std::size_t>(kLongHeaderSize - bytes_));
    std::copy_n(data.begin(), count, header_.begin() + static_cast<std::ptrdiff_t>(bytes_));
    if (bytes_ + count == kLongHeaderSize) {
      segment_size_ = segment_size_in(header_);
      if (segment_size_ && on_size_) on_size_(*segment_size_);
    }
  }
  bytes_ += data.size();
  next_.write(data);
}

}  // namespace tapster
