// backup.info: the record of a base backup. The format is that of Barman 3.17, byte for byte: one line NAME=VALUE per
// field, in the order of the names, with None for a value that is not known.
#pragma once

#include <tapster/literal.h>
#include <tapster/zoned_time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

enum class BackupStatus { empty, started, failed, waiting_for_wals, done, syncing };
std::string_view name_of(BackupStatus status) noexcept;  // "DONE"

struct Tablespace {
  std::string name;
  std::uint32_t oid = 0;
  std::string location;  // absolute, on the host that was backed up

  bool operator==(const Tablespace&) const = default;
};

// A field that is nullopt (or empty, for lists) is written as None; backup_name and
// snapshots_info have no line then. Texts hold no line breaks, backup_label excepted.
struct BackupInfo {
  std::optional<std::string> backup_label;  // as PostgreSQL returned it
  std::optional<std::string> backup_name;
  std::optional<std::int64_t> begin_offset;  // bytes into begin_wal
  std::optional<ZonedTime> begin_time;
  std::optional<std::string> begin_wal;
  std::optional<std::string> begin_xlog;  // "0/3000028"
  std::optional<std::string> children_backup_ids;
  std::optional<std::int64_t> cluster_size;  // bytes
  std::optional<std::string> compression;
  std::optional<std::string> config_file;
  std::optional<Literal> copy_stats;
  std::optional<std::string> data_checksums;
  std::optional<std::int64_t> deduplicated_size;
  std::optional<std::string> encryption;
  std::optional<std::int64_t> end_offset;
  std::optional<ZonedTime> end_time;
  std::optional<std::string> end_wal;
  std::optional<std::string> end_xlog;
  std::optional<std::string> error;
  std::optional<std::string> hba_file;
  std::optional<std::string> ident_file;
  std::vector<std::string> included_files;
  std::optional<std::string> mode;
  std::optional<std::string> parent_backup_id;
  std::optional<std::string> pgdata;
  std::optional<std::string> server_name;
  std::optional<std::int64_t> size;
  std::optional<Literal> snapshots_info;
  BackupStatus status = BackupStatus::empty;
  std::optional<std::string> summarize_wal;
  std::optional<std::string> systemid;
  std::vector<Tablespace> tablespaces;
  std::optional<std::int64_t> timeline;
  std::optional<std::int64_t> version;                               // 150018
  std::optional<std::int64_t> xlog_segment_size = 16 * 1024 * 1024;  // bytes

  // Names of fields that parse() found and does not know; serialise() does not write them.
  std::vector<std::string> unknown_fields;

  // DONE or WAITING_FOR_WALS: it can be restored, or will be once its WAL is archived.
  bool usable() const noexcept { return status == BackupStatus::done || status == BackupStatus::waiting_for_wals; }

  // Reads what Barman 2.19 and newer wrote. Throws Error (general) that names the line and what is wrong with it.
  static BackupInfo parse(std::string_view text);
};

// Versions of Barman that can read what is written. v3_4 leaves out the fields of 3.11 and newer, which 3.4 refuses.
enum class BackupInfoFormat { v3_17, v3_4 };
std::optional<BackupInfoFormat> parse_backup_info_format(std::string_view text) noexcept;  // "3.17", "3.4"

std::string serialise(const BackupInfo& info, BackupInfoFormat format);

// YYYYMMDDThhmmss
bool is_backup_id(std::string_view text) noexcept;

// "0/3000028" is 0x3000028; nullopt for anything else. lsn_text is the inverse.
std::optional<std::uint64_t> parse_lsn(std::string_view text) noexcept;
std::string lsn_text(std::uint64_t lsn);

}  // namespace tapster
