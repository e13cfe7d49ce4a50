// The long header of a WAL segment's first page (XLogLongPageHeaderData in PostgreSQL's
// src/include/access/xlog_internal.h; in the byte order of the machine that wrote it).
#pragma once

#include <tapster/byte_sink.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace tapster {

inline constexpr std::size_t kLongHeaderSize = 40;  // bytes

// Whether it is a power of two from 1 MiB to 1 GiB.
bool is_segment_size(std::uint64_t bytes) noexcept;

struct SegmentHeader {
  std::uint64_t system_identifier = 0;  // of the cluster that wrote it
  std::uint32_t segment_size = 0;       // bytes
};

// nullopt when `header` is not the beginning of a segment in this machine's byte order.
std::optional<SegmentHeader> segment_header_in(Bytes header);
std::optional<std::uint32_t> segment_size_in(Bytes header);

// A pass-through that reads the segment size from the header and counts the bytes.
class SegmentHeaderSink final : public ByteSink {
 public:
  using Listener = std::function<void(std::uint32_t segment_size)>;

  // write() calls `on_size` once, when the header is whole and holds a segment size.
  explicit SegmentHeaderSink(ByteSink& next, Listener on_size = {}) : next_(next), on_size_(std::move(on_size)) {}
  void write(Bytes data) override;
  void finish() override { next_.finish(); }

  std::uint64_t bytes() const noexcept { return bytes_; }
  std::optional<std::uint32_t> segment_size() const noexcept { return segment_size_; }

 private:
  ByteSink& next_;
  Listener on_size_;
  std::array<std::byte, kLongHeaderSize> header_{};
  std::uint64_t bytes_ = 0;
  std::optional<std::uint32_t> segment_size_;
};

}  // namespace tapster
