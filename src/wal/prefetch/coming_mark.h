// An empty file in the spool for a segment that the fetcher is downloading. A request that sees it waits for the
// segment instead of downloading it as well. It counts only while a fetcher is running: a killed fetcher leaves its
// marks.
#pragma once

#include "file/file.h"
#include "wal/private_folder.h"

#include <tapster/wal_name.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

class ComingMark {
 public:
  ComingMark(const PrivateFolder& folder, const WalName& name);  // borrowed; throws FileError
  ComingMark(const ComingMark&) = delete;
  ComingMark& operator=(const ComingMark&) = delete;
  ~ComingMark();  // removes it

  // Bytes have come: sets the file's time, at most once a second, so that waiting requests see that the download moves.
  void moved();

 private:
  const PrivateFolder& folder_;
  std::string name_;
  FileDescriptor file_;
  std::chrono::steady_clock::time_point touched_;
};

// A text that changes with ComingMark::moved; nullopt: there is no mark.
std::optional<std::string> mark_state(const PrivateFolder& folder, const WalName& name);

// Whether this is the name of a mark.
bool is_coming_mark(std::string_view file_name);

}  // namespace tapster
