// The tar archives of one base backup: which objects they are, and in which order they are read.
#pragma once

#include <tapster/backup_info.h>
#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tapster {

struct BackupArchive {
  std::string name;  // the object's name within the backup's folder: "data_0001.tar.gz"
  Compression compression = Compression::none;
  std::uint64_t size = 0;  // bytes as stored
};

struct ArchiveSet {
  std::optional<std::uint32_t> tablespace;  // its oid; nullopt: PGDATA
  std::vector<BackupArchive> archives;      // the main one first, then the additional ones in the order of keys
  bool complete = true;                     // false: the main archive is missing

  std::string base_name() const { return tablespace ? std::to_string(*tablespace) : "data"; }
};

// PGDATA first, then the tablespaces in the order of backup.info. `folder`: names relative to the backup's folder.
// An object belongs to a set if its name begins with base_name(), goes on with '.' (main) or '_' (additional), and ends
// in ".tar" with a known suffix of compression. One that ends otherwise is logged as a warning and left out.
std::vector<ArchiveSet> find_archives(const BackupInfo& info, const std::vector<ObjectEntry>& folder);

}  // namespace tapster
