// In which form (plain, or with one compression) the last segment of an archive was stored. The next one is asked for
// in that form, which saves the listing. A wrong form costs one request and never gives a wrong answer.
#pragma once

#include "wal/private_folder.h"

#include <tapster/compression.h>

#include <mutex>
#include <optional>

namespace tapster {

// Kept in a note in a private folder. Safe to use from several threads, and from several processes.
class LastForm {
 public:
  explicit LastForm(const PrivateFolder& folder);  // borrowed

  std::optional<Compression> get() const;  // nullopt: not known
  void set(Compression form);              // writes the note only when the form is another one

 private:
  const PrivateFolder& folder_;
  mutable std::mutex mutex_;
  std::optional<Compression> form_;
};

}  // namespace tapster
