// Deleting the WAL that plans allow to go (or printing which that is).
#pragma once

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>
#include <tapster/retention.h>

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// The folders below wals/ are listed once, by one request per thousand. Objects are listed where some may go, in
// runs of neighbouring folders: a page holds a thousand objects of whatever folders, and ends at the limit.
class WalArchiveCleaner {
 public:
  // All borrowed.
  WalArchiveCleaner(ObjectStore& store, const ArchiveLayout& layout) : store_(store), wals_(layout.wals_prefix()) {}

  // Deletes what any of the plans allows: everything in folders that are deletable as a whole, files of any
  // compression elsewhere. What could not be deleted is logged. False: something was left, or could not be listed.
  bool remove(std::span<const WalCleanup> plans, std::size_t batch_size);

  // The lines of a dry run for one plan out of `all`, which share the listing.
  void print(const WalCleanup& plan, std::span<const WalCleanup> all,
             const std::function<void(std::string_view)>& print);

 private:
  struct Run {
    std::string first, last;  // hash dirs
  };
  void read_folders();
  std::vector<Run> runs(const std::function<bool(const std::string& folder)>& wanted) const;
  void list_run(const Run& run, const std::string& end, const std::function<void(const ObjectEntry&)>& each);
  void read_candidates(std::span<const WalCleanup> all);
  std::string_view folder_of(const std::string& key) const;

  ObjectStore& store_;
  const std::string wals_;
  bool read_ = false;
  std::vector<std::string> folders_;  // hash dirs, ascending
  std::vector<std::string> loose_;    // keys of objects in no folder
  // Of dry runs, by folder: the keys in those that are mixed for any plan, and, under "", the loose ones.
  std::map<std::string, std::vector<std::string>> candidates_;
};

}  // namespace tapster
