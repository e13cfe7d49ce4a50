// The interface by which bytes are passed on. Backups, restores and WAL travel through chains of sinks: each receives
// bytes, transforms or stores them, and writes to the next one, which it borrows. The caller owns the whole chain.
#pragma once

#include <cstddef>
#include <span>

namespace tapster {

using Bytes = std::span<const std::byte>;

class ByteSink {
 public:
  virtual ~ByteSink() = default;

  // Accepts all of `data` or throws; `data` need not outlive the call. Not thread-safe.
  virtual void write(Bytes data) = 0;

  // A caller may put its next bytes into room() instead of calling write(), which saves a copy. filled(n) then does
  // what write() does with the first n bytes of it. Empty for sinks that offer no room. Valid until the next call;
  // it may wait and throw as write() does.
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
