// An empty file beside a segment that is on its way into the spool, so that a request waits for it instead of fetching
// it as well. It means something only while a fetcher is running: a killed one leaves its marks.
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

  void moved();  // bytes have come: those who wait may go on waiting

 private:
  const PrivateFolder& folder_;
  std::string name_;
  FileDescriptor file_;
  std::chrono::steady_clock::time_point shown_;
};

// Changes with ComingMark::moved, about once a second; nullopt: there is no mark.
std::optional<std::string> mark_state(const PrivateFolder& folder, const WalName& name);

// Whether a file in the folder bears a mark's name.
bool is_coming_mark(std::string_view file_name);

}  // namespace tapster
