// Stores segments for which PostgreSQL will come later, while the one with which it came is on its way. Nothing that
// fails here is a failure, and what is not stored here is archived when its turn comes.
#pragma once

#include "wal/archive/archived_record.h"
#include "wal/archive/wal_upload.h"

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tapster {

class ArchiveAhead {
 public:
  // `like` says how each is uploaded, but for the key. Only ever creates, and compares nothing: what is there is left
  // to its own turn. `directory` is where the segments are. Store, layout and record are borrowed.
  ArchiveAhead(ObjectStore& store, const ArchiveLayout& layout, const ArchivedRecord& record, std::string directory,
               WalUpload like);
  ArchiveAhead(const ArchiveAhead&) = delete;
  ArchiveAhead& operator=(const ArchiveAhead&) = delete;
  ~ArchiveAhead();  // stops what is still going on

  void start(const std::vector<WalName>& names);  // once

  // Gives those that are on their way as long again as they had, at least a second and at most ten. They began together
  // with PostgreSQL's segment and are as large: what needs twice its time is hanging, or trying again, and PostgreSQL
  // must not wait for that. The second is for the connections that they had to make.
  void finish();

 private:
  void send(const WalName& name, const std::stop_token& stop);

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const ArchivedRecord& record_;
  std::string directory_;
  WalUpload like_;
  std::chrono::steady_clock::time_point started_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t unfinished_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace tapster
