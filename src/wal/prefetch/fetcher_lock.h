// Lets at most one process fetch ahead for a spool folder. That process holds a lock on the file `fetcher` in the
// folder, which the kernel releases however the process ends, and writes into it how it ended.
#pragma once

#include "file/file.h"
#include "wal/private_folder.h"

#include <optional>
#include <string>
#include <string_view>

namespace tapster {

enum class FetcherEnd {
  idle,          // no request came any more, or it was told to end
  nothing_more,  // the next segment is not in the archive
  failed,
};

class FetcherLock {
 public:
  // nullopt: another process holds the lock, or the file cannot be made or locked.
  static std::optional<FetcherLock> acquire(const PrivateFolder& folder);

  // Writes down how the fetcher ends and, in one line, why. The destructor releases the lock.
  void record_end(FetcherEnd end, std::string_view why) const;

 private:
  explicit FetcherLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

struct FetcherState {
  bool running = false;
  FetcherEnd end = FetcherEnd::idle;  // how the last one ended; idle when one is running or the last was killed
  std::string why;
  bool just_now = false;  // it ended in the last ten seconds
};

// Takes no lock, so it never keeps a fetcher from starting.
FetcherState fetcher_state(const PrivateFolder& folder);

}  // namespace tapster
