// Waits for a change in a folder.
#pragma once

#include "file/file.h"
#include "wal/private_folder.h"

#include <tapster/clock.h>

namespace tapster {

class FolderWatch {
 public:
  explicit FolderWatch(const PrivateFolder& folder);

  // Returns when a file was made, renamed or removed in the folder since the watch began or since the last wait, after
  // wake(), or after `longest`. It may return earlier. Where the system cannot watch the folder it returns after 50 ms.
  void wait(Duration longest);

  void wake() noexcept;  // from any thread

 private:
  FileDescriptor changes_;  // inotify
  FileDescriptor calls_;    // eventfd
};

}  // namespace tapster
