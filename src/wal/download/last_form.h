// In which form the segments of an archive were last seen: the next one is asked for in that form, which saves
// looking first. A wrong memory costs one request, never a wrong answer.
#pragma once

#include "wal/private_folder.h"

#include <tapster/compression.h>

#include <mutex>
#include <optional>

namespace tapster {

// A small file in a private folder. Safe to use from several threads, and from several processes.
class LastForm {
 public:
  explicit LastForm(const PrivateFolder& folder);  // borrowed

  std::optional<Compression> get() const;  // nullopt: not known
  void set(Compression form);              // writes only what is new

 private:
  const PrivateFolder& folder_;
  mutable std::mutex mutex_;
  std::optional<Compression> form_;
};

}  // namespace tapster
