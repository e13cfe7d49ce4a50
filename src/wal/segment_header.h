// What a WAL segment says about itself in the long header of its first page
// (XLogLongPageHeaderData in PostgreSQL's src/include/access/xlog_internal.h; in the byte order
// of the machine that wrote it).
#pragma once

#include <tapster/byte_sink.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace tapster {

inline constexpr std::size_t kLongHeaderSize = 40;  // bytes

// A power of two from 1 MiB to 1 GiB.
bool is_segment_size(std::uint64_t bytes) noexcept;

struct SegmentHeader {
  std::uint64_t system_identifier = 0;  // of the cluster that wrote it
  std::uint32_t segment_size = 0;       // bytes
};

// nullopt when this is not the beginning of a segment that can be read here.
std::optional<SegmentHeader> segment_header_in(Bytes header);
std::optional<std::uint32_t> segment_size_in(Bytes header);

// A pass-through that reads the header, and counts.
class SegmentHeaderSink final : public ByteSink {
 public:
  using Listener = std::function<void(std::uint32_t segment_size)>;

  // `known` is called as soon as the segment size is known, from within write.
  explicit SegmentHeaderSink(ByteSink& next, Listener known = {}) : next_(next), known_(std::move(known)) {}
  void write(Bytes data) override;
  void finish() override { next_.finish(); }

  std::uint64_t bytes() const noexcept { return bytes_; }
  std::optional<std::uint32_t> segment_size() const noexcept { return segment_size_; }

 private:
  ByteSink& next_;
  Listener known_;
  std::array<std::byte, kLongHeaderSize> header_{};
  std::uint64_t bytes_ = 0;
  std::optional<std::uint32_t> segment_size_;
};

}  // namespace tapster
