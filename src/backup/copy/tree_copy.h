// Copying PGDATA and tablespaces into tar archives: the walk, the exclusions, and files that change
// while they are read.
#pragma once

#include "tar/tar_writer.h"

#include <tapster/backup_info.h>
#include <tapster/clock.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// What to copy of one root, and as what.
struct TreeSource {
  std::string root;                     // absolute; a symbolic link is resolved
  bool is_tablespace = false;           // only PG_<major>_* at the top, and no entry for the root itself
  std::string major_version;            // "15", "9.6": of PG_<major>_*
  std::vector<Tablespace> tablespaces;  // of the cluster: those inside PGDATA are left out of it
  std::string manifest_prefix;          // "" for PGDATA, "pg_tblspc/16385/" for a tablespace
};

struct PageChecks {
  bool enabled = false;         // data checksums are on
  std::uint64_t start_lsn = 0;  // newer pages were written during the backup and are not judged
  std::uint32_t page_size = 8192;
  std::uint32_t pages_per_segment = 131072;
  Clock* clock = nullptr;  // borrowed: for the moment before a page that looks damaged is read again
};

// What a file was when it was stored, for the manifest.
struct CopiedFile {
  std::string path;        // relative to PGDATA, below pg_tblspc/OID for tablespaces
  std::uint64_t size = 0;  // bytes as stored
  std::chrono::sys_seconds mtime;
  std::uint32_t crc32c = 0;
};

struct CopySummary {
  std::uint64_t files = 0, bytes = 0;
  std::uint64_t bad_pages = 0;  // each reported by a warning, up to a few per file
  std::uint64_t vanished = 0;
};

// Where members go. Splitting an archive between two members is its decision.
class ArchiveTarget {
 public:
  virtual ~ArchiveTarget() = default;
  // Called before every member with the bytes it will take at most, uncompressed, headers included; the writer is
  // good for this member. A new archive is a new TarWriter: hard links do not lead from one archive into another.
  virtual TarWriter& writer_for(std::uint64_t member_size) = 0;
};

// Copies one at a time. Files that vanish are skipped, those that shrink are filled with zeros and those that
// grow are cut, at the size that was announced. Anything else that cannot be read is an Error (general)
// that names the path. The kernel reads ahead by a bounded amount; pages that were not in its cache before are dropped.
//
// Symbolic links to directories are not stored (with a warning, unless PostgreSQL itself makes such links there), other
// links verbatim; sockets are left out, devices with a warning. The second name of a file in the same archive is
// a hard link. Reported are files with content, hard links included, in the order of the archive.
// When `stop` is requested, the copy ends with an Error (operation).
class TreeCopier {
 public:
  using FileReport = std::function<void(const CopiedFile&)>;
  TreeCopier(ArchiveTarget& target, PageChecks checks, FileReport report, std::stop_token stop);
  ~TreeCopier();

  // The walk streams: memory does not grow with the number of files. See exclusions.h for what is left out.
  void copy_tree(const TreeSource& source);
  // One file under a name of its own (pg_control, external configuration); a symbolic link is followed. False: it
  // does not exist.
  bool copy_file(const std::string& path, const std::string& name);
  // A member made of a text (backup_label): mode 0600, owner of `like` (PGDATA), the time given.
  void add_text(const std::string& name, std::string_view text, const std::string& like,
                std::chrono::sys_time<std::chrono::nanoseconds> mtime);

  const CopySummary& summary() const noexcept;

  struct State;  // for its own implementation

 private:
  std::unique_ptr<State> state_;
};

}  // namespace tapster
