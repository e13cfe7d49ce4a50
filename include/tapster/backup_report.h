// What backup-list and backup-show print, to the last newline: the original's output, byte for byte.
#pragma once

#include <tapster/backup_catalog.h>

#include <string>

namespace tapster {

std::string list_as_console(const BackupCatalog& catalog);  // backups that are DONE; needs BackupCatalog::read_keeps
std::string list_as_json(const BackupCatalog& catalog);     // backups of every status; one line
std::string show_as_console(const std::string& id, const BackupInfo& info);
std::string show_as_json(const std::string& id, const BackupInfo& info);  // one line

}  // namespace tapster
