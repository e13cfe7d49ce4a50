// Writing tar archives as the original does: POSIX pax (IEEE Std 1003.1-2001, pax Interchange Format).
#pragma once

#include "tar/tar_header.h"

#include <tapster/byte_sink.h>

#include <cstdint>
#include <span>
#include <string>

namespace tapster {

// Writes into `next` (borrowed) in pieces of at least 64 KiB, the last one excepted; content that comes in larger
// pieces is handed on without a copy. Where `next` has room, content may be put there, and pieces are of any size.
// Every member has a pax record of its mtime with fraction; others only where the ustar header does not hold the value.
// Not thread-safe. Calls out of order are a std::logic_error.
class TarWriter {
 public:
  explicit TarWriter(ByteSink& next);

  // A member's header; a file's content follows by exactly `member.size` bytes of write().
  void begin(const TarMember& member);
  void write(Bytes content);
  // As those of ByteSink. No more than is missing of the member.
  std::span<std::byte> room();
  void filled(std::size_t count);
  void end();     // pads the member; content that is missing is an error (std::logic_error)
  void finish();  // the end of the archive (two zero blocks, padding to 10240), then next.finish()

  std::uint64_t members() const noexcept { return members_; }  // begun so far
  std::uint64_t written() const noexcept { return written_; }  // bytes handed to next

 private:
  void put(Bytes data);
  void put_zeros(std::uint64_t count);
  void hand_on(Bytes data);

  ByteSink& next_;
  std::string buffer_;  // less than a piece
  std::uint64_t members_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t padding_ = 0;  // of the member that is open
  std::uint64_t missing_ = 0;
  bool open_ = false;
};

}  // namespace tapster
