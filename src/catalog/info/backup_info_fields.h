// The lines of backup.info as a table: one row per field, in the order of the file.
#pragma once

#include <tapster/backup_info.h>

#include <span>
#include <string>
#include <string_view>

namespace tapster {

struct BackupInfoField {
  std::string_view name;
  bool since_3_4 = true;                                        // false: unknown to 3.4
  bool hidden_when_unset = false;                               // no line instead of None
  void (*read)(BackupInfo&, std::string_view value) = nullptr;  // throws Error (general): what is wrong with it
  std::string (*written)(const BackupInfo&) = nullptr;          // "None" when unset
  Literal (*reported)(const BackupInfo&) = nullptr;             // as reports show it
};

std::span<const BackupInfoField> backup_info_fields() noexcept;

}  // namespace tapster
