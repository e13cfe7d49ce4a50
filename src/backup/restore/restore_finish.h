// What follows when all archives of a backup are extracted.
#pragma once

#include "backup/restore/restore_plan.h"
#include "backup/restore/target_tree.h"

#include <sys/types.h>

#include <string>
#include <vector>

namespace tapster {

// Its methods make what they make anew when an earlier attempt has made it. All throw FileError.
class RestoreFinish {
 public:
  // `root`: PGDATA, open.
  RestoreFinish(const RestorePlan& plan, int root);

  // The backup_manifest, which is stored beside the archives.
  void restore_manifest(ObjectStore& store, const std::string& key);
  // pg_wal (pg_xlog before version 10) with archive_status, unless a link is in its place.
  void add_wal_directory();
  // The links in pg_tblspc. Roots of tablespaces that belong to root get the owner of PGDATA.
  void add_tablespaces(const std::vector<FileDescriptor>& roots);
  // The control file gets its name and the marker goes: from here on it is a data directory.
  void publish(bool sync);

 private:
  void own(int file, const std::string& path) const;

  const RestorePlan& plan_;
  TargetTree tree_;
  uid_t user_ = 0;
  gid_t group_ = 0;
};

// Makes everything on the file systems of the roots durable. The roots were open since before the first
// write, so that the system reports what could not be written since.
void sync_file_systems(const RestorePlan& plan, const std::vector<FileDescriptor>& roots);

}  // namespace tapster
