// The folders below base/, and what is in them.
#pragma once

#include <tapster/backup_catalog.h>

#include <string>

namespace tapster {

// Lists `prefix` (".../base/") once. Objects that are in no folder are left out. Throws what the store throws.
BackupCatalog::Folders read_backup_folders(ObjectStore& store, const std::string& prefix);

}  // namespace tapster
