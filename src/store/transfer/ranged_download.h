// Downloads by several ranged requests at once, delivered in order.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace tapster {

// Threads that fetch ranges ahead, for all objects that are being read: `connections` of them, or as many as the system
// gives. All buffers together take `memory` bytes at most, or one range if that is more. With `more`, the number of
// threads may grow to the number of ranges that the memory holds, as long as more of them are faster (see
// transfer_count.h). The store is borrowed. Thread-safe. The constructor throws Error (general) when no thread can be
// had.
class RangedDownloads {
 public:
  RangedDownloads(ObjectStore& store, int connections, std::uint64_t memory, std::stop_token stop, bool more = false);
  ~RangedDownloads();
  RangedDownloads(const RangedDownloads&) = delete;
  RangedDownloads& operator=(const RangedDownloads&) = delete;

  // Writes the whole object (`size` bytes, as listed) into `sink`, in the caller's thread, in pieces as large as
  // ranges. The next ranges arrive meanwhile, so a slow sink never stalls a connection that has begun to answer. Does
  // not call sink.finish().
  //
  // Throws Error (general) when the ranges are not all of one version of the object (entity tag and size), and, after
  // everything was written, when the bytes do not have the CRC-32C that the store has recorded (ObjectStat::crc32c).
  // An object that is gone is an Error (operation). Throws what the store and the sink throw. A stop ends it with
  // Interrupted.
  void read(const std::string& key, std::uint64_t size, ByteSink& sink);

  std::uint64_t range_size() const noexcept;  // bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapster
