// The pipe. Every heavy path is a chain of sinks: each takes bytes, transforms or stores
// them, and hands them to the next, which it borrows (the caller owns the whole chain).
#pragma once

#include <cstddef>
#include <span>

namespace tapster {

using Bytes = std::span<const std::byte>;

class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Takes all of `data` or throws; `data` need not outlive the call. Not thread-safe.
  virtual void write(Bytes data) = 0;

  // Where the next bytes may be put instead of being written, so that nobody copies them: filled(n) then does what
  // write() does with the first n of them. Empty where there is no such place. Valid until the next call; it may wait
  // and throw as write() does.
  virtual std::span<std::byte> room() { return {}; }
  virtual void filled(std::size_t /*count*/) {}

  // The end of the stream: flushes, then finishes the next sink. A sink at the end of a chain
  // publishes what it got (renames its file, completes its upload). Call it once; writing
  // after it is a bug. A sink that is destroyed unfinished discards its work and leaves
  // nothing behind.
  virtual void finish() = 0;
};

// The end of a chain whose bytes nobody wants.
class NullSink final : public ByteSink {
 public:
  void write(Bytes) override {}
  void finish() override {}
};

}  // namespace tapster
