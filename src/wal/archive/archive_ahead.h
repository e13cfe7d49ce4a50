// Uploads the segments that PostgreSQL will come with next, while the requested one is uploaded. A failure here fails
// nothing: a segment that is not stored here is archived when its turn comes.
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
  // `like` says how each segment is uploaded; its key is not used. `directory` holds the segments. An object that is
  // there is neither replaced nor compared: that is done when the segment's turn comes. Store, layout and record are
  // borrowed.
  ArchiveAhead(ObjectStore& store, const ArchiveLayout& layout, const ArchivedRecord& record, std::string directory,
               WalUpload like);
  ArchiveAhead(const ArchiveAhead&) = delete;
  ArchiveAhead& operator=(const ArchiveAhead&) = delete;
  ~ArchiveAhead();  // interrupts the uploads that are not finished

  void start(const std::vector<WalName>& names);  // once

  // Waits for the uploads as long again as they have had, at least one second and at most ten, and interrupts the rest.
  // They began together with the requested segment and are as large: one that needs twice the time hangs or is being
  // repeated, and PostgreSQL must not wait for it. The second is for making connections.
  void finish();

 private:
  void upload(const WalName& name, const std::stop_token& stop);

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
