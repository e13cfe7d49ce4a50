// The fields of backup.info as a table: one row per field, in the order of their lines. A new field needs a row here
// and a member of BackupInfo.
#pragma once

#include <tapster/backup_info.h>

#include <span>
#include <string>
#include <string_view>

namespace tapster {

struct BackupInfoField {
  std::string_view name;
  bool since_3_4 = true;                                        // false: unknown to 3.4
  bool hidden_when_unset = false;                               // an unset field has no line, rather than None
  void (*read)(BackupInfo&, std::string_view value) = nullptr;  // throws Error (general) that says what is wrong
  std::string (*written)(const BackupInfo&) = nullptr;          // "None" when unset
  Literal (*reported)(const BackupInfo&) = nullptr;             // as reports show it
};

std::span<const BackupInfoField> backup_info_fields() noexcept;

}  // namespace tapster
