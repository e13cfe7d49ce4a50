// The file that says that a directory is half restored, and from what: the same restore can be continued.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tapster {

struct RestoreMarker {
  std::string source;                              // the backup's folder in the store
  std::map<std::string, std::string> tablespaces;  // oid -> directory
  // Archives that have been extracted. Those of before a start of the machine do not count: nothing was synced.
  std::vector<std::string> done;

  bool same_restore(const RestoreMarker& other) const {
    return source == other.source && tablespaces == other.tablespaces;
  }
};

// In the open directory `directory` (whose path is for messages). nullopt: there is none. Throws
// Error (operation) for one that cannot be understood.
std::optional<RestoreMarker> read_marker(int directory, const std::string& path);
void write_marker(int directory, const std::string& path, const RestoreMarker& marker, bool durable);
void remove_marker(int directory, const std::string& path);

}  // namespace tapster
