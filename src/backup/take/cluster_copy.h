// Everything of a cluster on its way into the store: one series of archives for each tablespace and for PGDATA.
#pragma once

#include "backup/copy/archive_series.h"
#include "backup/copy/tree_copy.h"
#include "backup/take/copy_stats.h"
#include "store/transfer/rate_limit.h"
#include "store/transfer/upload_queue.h"

#include <tapster/base_backup.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace tapster {

// Stores the whole text as one object.
void put_text(ObjectStore& store, const std::string& key, std::string_view text, const PutOptions& put);

// Not thread-safe. Destroyed before finish() has returned, it aborts what is open: request `stop` before, so that
// nothing is waited for. Borrows store, layout and clock.
class ClusterCopy {
 public:
  ClusterCopy(ObjectStore& store, const ArchiveLayout& layout, const BaseBackupOptions& options, std::string id,
              Clock& clock, std::stop_token stop);

  // Begins and aborts an upload: what the backup itself needs the right to do.
  void prove_writable();
  // For an object beside the archives; to be finished or destroyed before this.
  std::unique_ptr<ObjectUpload> open_object(const std::string& key);

  void copy_tablespace(const TreeSource& source, std::uint32_t oid, const PageChecks& checks,
                       const TreeCopier::FileReport& report);
  // PGDATA, its control file last. The archive stays open for what follows.
  TreeCopier& copy_data(const TreeSource& source, const PageChecks& checks, const TreeCopier::FileReport& report);

  // Ends the archive that is open, and the copier that copy_data returned. What is left of it is sent while the caller
  // does something else; a failure to complete it comes out of finish().
  void close();
  // Completes all archives. The times' `began` is this object's making.
  CopyTimes finish();
  const CopySummary& summary() const noexcept { return summary_; }  // after finish()
  const PutOptions& put_options() const noexcept { return settings_.put; }

 private:
  TreeCopier& begin_series(std::string base_name, const PageChecks& checks, const TreeCopier::FileReport& report);

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  std::stop_token stop_;
  ArchiveSettings settings_;
  CopyTimes times_;
  CopySummary summary_;
  std::optional<RateLimit> limit_;
  UploadQueue queue_;
  std::vector<std::unique_ptr<ArchiveSeries>> series_;
  std::unique_ptr<TreeCopier> copier_;
};

}  // namespace tapster
