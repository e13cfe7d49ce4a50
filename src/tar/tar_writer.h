// Writes tar archives as the original does: POSIX pax (IEEE Std 1003.1-2001, pax Interchange Format).
#pragma once

#include "tar/tar_header.h"

#include <tapster/byte_sink.h>

#include <cstdint>
#include <span>
#include <string>

namespace tapster {

// Writes into `next` (borrowed) in pieces of at least 64 KiB, except the last one. Content that is written in larger
// pieces is passed on without a copy. When `next` has room(), content may be put there; pieces then have any size.
// Headers are those of append_tar_header. Not thread-safe. Calls in a wrong order throw std::logic_error.
class TarWriter {
 public:
  explicit TarWriter(ByteSink& next);

  // Begins a member. For a file, exactly `member.size` bytes must be written before end().
  void begin(const TarMember& member);
  void write(Bytes content);
  // As in ByteSink. The room ends with the content of the member.
  std::span<std::byte> room();
  void filled(std::size_t count);
  void end();     // pads the member
  void finish();  // writes the end of the archive (two zero blocks, padding to 10240 bytes), then next.finish()

  std::uint64_t members() const noexcept { return members_; }  // begun until now
  std::uint64_t written() const noexcept { return written_; }  // bytes passed to next

 private:
  void put(Bytes data);
  void put_zeros(std::uint64_t count);
  void write_out(Bytes data);

  ByteSink& next_;
  std::string buffer_;  // less than a piece, to be written
  std::uint64_t members_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t padding_ = 0;  // bytes, of the open member
  std::uint64_t missing_ = 0;  // bytes of its content that were not written yet
  bool open_ = false;
};

}  // namespace tapster
