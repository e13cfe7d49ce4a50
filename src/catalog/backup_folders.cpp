#include "catalog/backup_folders.h"

#include <string_view>

namespace tapster {

BackupCatalog::Folders read_backup_folders(ObjectStore& store, const std::string& prefix) {
  BackupCatalog::Folders folders;
  store.list(prefix, {}, [&](const ListPage& page) {
    for (const ObjectEntry& entry : page.objects) {
      if (!entry.key.starts_with(prefix)) continue;
      const std::string_view path = std::string_view(entry.key).substr(prefix.size());
      const std::size_t slash = path.find('/');
      if (slash == path.npos || slash == 0) continue;
      folders[std::string(path.substr(0, slash))].push_back(
          {std::string(path.substr(slash + 1)), entry.size, entry.modified});
    }
    return true;
  });
  return folders;
}

}  // namespace tapster
