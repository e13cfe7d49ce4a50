// Downloads by several ranged requests at once, delivered in order.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

namespace tapster {

// `connections` threads that fetch ranges ahead for every object that is being read; memory is bounded by
// `memory` bytes over all. With `more`, there are as many as the memory has ranges where that pays (transfer_pool.h).
// The store is borrowed. Thread-safe.
class RangedDownloads {
 public:
  RangedDownloads(ObjectStore& store, int connections, std::uint64_t memory, std::stop_token stop, bool more = false);
  ~RangedDownloads();
  RangedDownloads(const RangedDownloads&) = delete;
  RangedDownloads& operator=(const RangedDownloads&) = delete;

  // Writes the whole object (`size` bytes, as listed) into `sink`, in the caller's thread, while the next
  // ranges arrive: a slow sink never stalls a connection that has begun to answer. All ranges are of one
  // version of the object (entity tag and size), or it is an Error (general); so it is, after everything was
  // written, when the bytes do not have the CRC-32C that the store tells (ObjectStat::crc32c). Does not call
  // sink.finish(). Throws what the store and the sink throw; an object that is gone is an Error (operation).
  // A stop ends it with Interrupted. Pieces are as large as ranges.
  void read(const std::string& key, std::uint64_t size, ByteSink& sink);

  std::uint64_t range_size() const noexcept;  // bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tapster
