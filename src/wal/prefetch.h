// Fetches the segments after the requested one into the spool, all at once, while that is
// still on its way. Nothing that fails here is a failure: it ends the batch.
#pragma once

#include "wal/spool.h"

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <stop_token>
#include <thread>
#include <vector>

namespace tapster {

class Prefetch {
 public:
  // At most `count` segments after `requested`. Everything is borrowed.
  Prefetch(ObjectStore& store, const ArchiveLayout& layout, const Spool& spool, const WalName& requested, int count);
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;
  ~Prefetch();  // stops what is still going on

  void start(std::uint32_t segment_size);  // once
  void wait();                             // until all have ended

 private:
  void run(std::size_t index, const WalName& name);

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const Spool& spool_;
  const WalName& requested_;
  std::vector<std::stop_source> stops_;
  std::vector<std::jthread> threads_;
};

}  // namespace tapster
