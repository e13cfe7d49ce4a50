// Who fetches ahead for a folder: one process at most. It holds a lock on a small file in it, which the kernel releases
// however it ends, and leaves there how it ended.
#pragma once

#include "file/file.h"
#include "wal/private_folder.h"

#include <optional>
#include <string>
#include <string_view>

namespace tapster {

enum class FetcherEnd {
  idle,          // nobody asked any more, or it was told to
  nothing_more,  // the next segment is not in the archive
  failed,
};

class FetcherLock {
 public:
  // nullopt: another one has it, or the folder cannot have one.
  static std::optional<FetcherLock> acquire(const PrivateFolder& folder);

  // Writes down how it ends and, in one line, why. The lock goes with the object.
  void record_end(FetcherEnd end, std::string_view why) const;

 private:
  explicit FetcherLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

struct FetcherState {
  bool running = false;
  FetcherEnd end = FetcherEnd::idle;  // of the last one, unless it is running or was killed
  std::string why;
  bool just_now = false;  // that was in the last seconds
};

// Takes no lock: looking never keeps a fetcher from starting.
FetcherState fetcher_state(const PrivateFolder& folder);

}  // namespace tapster
