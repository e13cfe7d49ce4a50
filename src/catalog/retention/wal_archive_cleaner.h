// Carries out (or prints) the plan of deletion_plan.h for WAL.
#pragma once

#include "catalog/retention/deletion_plan.h"

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// Lists the folders below wals/ once, and then only the objects of folders in which some go. Neighbouring folders
// share a listing, because a page holds a thousand objects of any folders, and a listing ends at the highest limit.
// Holds one page in memory and what BatchedRemoval holds; a dry run holds the keys in mixed folders.
class WalArchiveCleaner {
 public:
  // `store` is borrowed.
  WalArchiveCleaner(ObjectStore& store, const ArchiveLayout& layout) : store_(store), wals_(layout.wals_prefix()) {}

  // Deletes what any of the plans deletes: WAL files of any compression, and everything in folders that go as a whole.
  // Logs what could not be deleted. False: something is left, or could not be listed.
  bool remove(std::span<const WalDeletion> plans, std::size_t batch_size);

  // Prints the lines of a dry run for one plan out of `all`; all of them share one listing.
  void print(const WalDeletion& plan, std::span<const WalDeletion> all,
             const std::function<void(std::string_view)>& print);

 private:
  struct FolderRange {
    std::string first, last;  // hash dirs, both included
  };
  void read_folders();
  // Neighbouring folders for which `wanted` is true, as ranges.
  std::vector<FolderRange> ranges_of(const std::function<bool(const std::string& folder)>& wanted) const;
  void list_range(const FolderRange& range, const std::string& end,
                  const std::function<void(const ObjectEntry&)>& each);
  void read_candidates(std::span<const WalDeletion> all);
  std::string_view folder_of(const std::string& key) const;

  ObjectStore& store_;
  const std::string wals_;
  bool folders_read_ = false;
  std::vector<std::string> folders_;       // hash dirs, ascending
  std::vector<std::string> outside_keys_;  // of objects in no folder
  // For dry runs, by folder: the keys in folders that are mixed for any plan, and outside_keys_ under "".
  std::map<std::string, std::vector<std::string>> candidates_;
};

}  // namespace tapster
