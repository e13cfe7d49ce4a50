#include "backup/copy/exclusions.h"

#include "backup/copy/relation_name.h"

#include <algorithm>
#include <filesystem>

namespace tapster {
namespace {

constexpr std::string_view kEmptyInPgdata[] = {"pg_wal", "pg_xlog", "log", "pg_log"};

constexpr std::string_view kEmptyAnywhere[] = {"pg_dynshmem", "pg_notify",    "pg_replslot", "pg_serial",
                                               "pg_stat_tmp", "pg_snapshots", "pg_subtrans"};

// pg_control is copied last, backup_label and the manifest are the backup's own; what lies there is of another one.
constexpr std::string_view kFilesInPgdata[] = {"backup_label", "tablespace_map", "backup_manifest"};

constexpr std::string_view kFilesAnywhere[] = {"postgresql.auto.conf.tmp", "current_logfiles.tmp", "postmaster.pid",
                                               "postmaster.opts",          "recovery.conf",        "standby.signal"};

// pg_internal.init.PID is the same file while it is made.
constexpr std::string_view kPrefixesAnywhere[] = {"pgsql_tmp", "pg_internal.init"};

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string_view last_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool has_excluded_prefix(std::string_view name) {
  return std::any_of(std::begin(kPrefixesAnywhere), std::end(kPrefixesAnywhere),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

Exclusions::Exclusions(const TreeSource& source)
    : is_tablespace_(source.is_tablespace), version_folders_("PG_" + source.major_version + "_") {
  if (is_tablespace_) return;
  std::error_code unknown;
  const std::string root = std::filesystem::canonical(source.root, unknown).string() + "/";
  left_out_.reserve(2 * source.tablespaces.size());
  for (const Tablespace& tablespace : source.tablespaces) {
    // One that lies in pg_tblspc itself (allow_in_place_tablespaces) has no archive of its own.
    if (!tablespace.location.starts_with('/')) continue;
    left_out_.push_back("pg_tblspc/" + std::to_string(tablespace.oid));
    const std::string location = std::filesystem::canonical(tablespace.location, unknown).string();
    if (location.starts_with(root)) left_out_.push_back(location.substr(root.size()));
  }
}

DirectoryTreatment Exclusions::directory(std::string_view path) const {
  if (path.empty()) return DirectoryTreatment::copy;
  const bool at_top = path.find('/') == std::string_view::npos;
  const std::string_view name = last_of(path);
  if (is_tablespace_ && at_top && !name.starts_with(version_folders_)) return DirectoryTreatment::leave_out;
  if (has_excluded_prefix(name) || contains(left_out_, path)) return DirectoryTreatment::leave_out;
  if (contains(kEmptyAnywhere, name)) return DirectoryTreatment::keep_empty;
  if (!is_tablespace_ && contains(kEmptyInPgdata, path)) return DirectoryTreatment::keep_empty;
  return DirectoryTreatment::copy;
}

bool Exclusions::leaves_out_file(std::string_view folder, std::string_view name) const {
  if (folder.empty() && (is_tablespace_ || contains(kFilesInPgdata, name))) return true;
  if (!is_tablespace_ && folder == "global" && name == "pg_control") return true;
  if (contains(kFilesAnywhere, name) || has_excluded_prefix(name)) return true;
  return all_digits(last_of(folder)) && is_temporary_relation(name);
}

}  // namespace tapster
