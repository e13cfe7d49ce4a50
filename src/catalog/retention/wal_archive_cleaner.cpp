#include "catalog/retention/wal_archive_cleaner.h"

#include "catalog/retention/batched_removal.h"
#include "wal/wal_objects.h"

#include <tapster/literal.h>
#include <tapster/log.h>

#include <algorithm>
#include <iterator>

namespace tapster {
namespace {

constexpr std::size_t kHashDirDigits = 16;

std::optional<WalName> wal_name_of(std::string_view key) {
  const std::string_view base = key.substr(key.rfind('/') + 1);
  if (auto name = WalName::parse(base)) return name;
  return WalName::parse(without_suffix(base));
}

bool loses_some(WalFolder folder) { return folder == WalFolder::mixed || folder == WalFolder::goes; }

bool deletes(const WalDeletion& plan, const std::string& key) {
  const auto name = wal_name_of(key);
  return name && plan.deletes(*name);
}

// The key of the highest limit. No key at or behind it goes.
std::string end_of(std::span<const WalDeletion> plans, const std::string& wals) {
  std::string limit;
  for (const WalDeletion& plan : plans) limit = std::max(limit, plan.limit);
  return limit.empty() ? wals : wals + limit.substr(0, kHashDirDigits) + "/" + limit;
}

std::string common_beginning(const std::string& a, const std::string& b) {
  return {a.begin(), std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first};
}

}  // namespace

std::string_view WalArchiveCleaner::folder_of(const std::string& key) const {
  const std::string_view below = std::string_view(key).substr(wals_.size());
  const std::size_t slash = below.find('/');
  return slash == std::string_view::npos ? std::string_view() : below.substr(0, slash);
}

void WalArchiveCleaner::read_folders() {
  if (folders_read_) return;
  ListOptions options;
  options.by_folder = true;
  store_.list(wals_, options, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) outside_keys_.push_back(object.key);
    for (const std::string& prefix : page.prefixes) {
      std::string folder(folder_of(prefix));
      if (WalDeletion().judge_hash_dir(folder) == WalFolder::not_wal) {
        log::warning("{} is malformed as a folder of WAL files: it is left alone", store_.describe(prefix));
      } else {
        folders_.push_back(std::move(folder));
      }
    }
    return true;
  });
  folders_read_ = true;
}

std::vector<WalArchiveCleaner::FolderRange> WalArchiveCleaner::ranges_of(
    const std::function<bool(const std::string& folder)>& wanted) const {
  std::vector<FolderRange> ranges;
  bool open = false;
  for (const std::string& folder : folders_) {
    const bool want = wanted(folder);
    if (want && open) ranges.back().last = folder;
    if (want && !open) ranges.push_back({folder, folder});
    open = want;
  }
  return ranges;
}

void WalArchiveCleaner::list_range(const FolderRange& range, const std::string& end,
                                   const std::function<void(const ObjectEntry&)>& each) {
  const std::string prefix =
      wals_ + (range.first == range.last ? range.first + "/" : common_beginning(range.first, range.last));
  const auto precedes = [&](const std::string& folder) {
    return folder < range.first && (wals_ + folder).starts_with(prefix);
  };
  ListOptions options;
  if (std::any_of(folders_.begin(), folders_.end(), precedes)) options.start_after = wals_ + range.first;
  store_.list(prefix, options, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) {
      if (object.key >= end || folder_of(object.key) > range.last) return false;
      if (folder_of(object.key) >= range.first) each(object);
    }
    return true;
  });
}

bool WalArchiveCleaner::remove(std::span<const WalDeletion> plans, std::size_t batch_size) {
  std::vector<WalDeletion> active;
  std::copy_if(plans.begin(), plans.end(), std::back_inserter(active), [](const auto& plan) { return plan.allowed; });
  if (active.empty()) return true;
  BatchedRemoval removal(store_, batch_size);
  bool listed = true;
  try {
    read_folders();
    // The plan of the newest backup comes first, because its limit is the highest.
    const auto any_deletes = [&](const std::string& key) {
      return std::any_of(active.rbegin(), active.rend(), [&](const auto& plan) { return deletes(plan, key); });
    };
    for (const std::string& key : outside_keys_) {
      if (any_deletes(key)) removal.add(key);
    }
    const auto wanted = [&](const std::string& folder) {
      return std::any_of(active.rbegin(), active.rend(),
                         [&](const auto& plan) { return loses_some(plan.judge_hash_dir(folder)); });
    };
    std::string folder;  // of the object before
    bool whole = false;  // whether all of that folder goes
    for (const FolderRange& range : ranges_of(wanted)) {
      list_range(range, end_of(active, wals_), [&](const ObjectEntry& object) {
        if (const auto here = folder_of(object.key); here != folder) {
          folder = here;
          whole = std::any_of(active.rbegin(), active.rend(),
                              [&](const auto& plan) { return plan.judge_hash_dir(folder) == WalFolder::goes; });
        }
        if (whole || any_deletes(object.key)) removal.add(object.key);
      });
    }
  } catch (const Error& failure) {
    log::error("Could not list all WAL that is no longer needed; what is left goes with the next deletion: {}",
               failure.what());
    listed = false;
  }
  const auto failures = removal.finish();
  log::info("Deleted {} WAL objects", removal.added() - failures.size());
  if (failures.empty()) return listed;
  log_failures(failures, store_);
  log::error("{} WAL objects that are no longer needed are left; they go with the next deletion", failures.size());
  return false;
}

void WalArchiveCleaner::read_candidates(std::span<const WalDeletion> all) {
  if (!candidates_.empty()) return;
  candidates_[""] = outside_keys_;
  const auto mixed = [&](const std::string& folder) {
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& one) { return one.judge_hash_dir(folder) == WalFolder::mixed; });
  };
  for (const FolderRange& range : ranges_of(mixed)) {
    list_range(range, end_of(all, wals_), [&](const ObjectEntry& object) {
      candidates_[std::string(folder_of(object.key))].push_back(object.key);
    });
  }
}

void WalArchiveCleaner::print(const WalDeletion& plan, std::span<const WalDeletion> all,
                              const std::function<void(std::string_view)>& print) {
  if (!plan.allowed) return;
  read_folders();
  for (const std::string& folder : folders_) {
    if (plan.judge_hash_dir(folder) != WalFolder::goes) continue;
    print(fmt::format("Skipping deletion of all objects under prefix {}{}/ due to --dry-run option", wals_, folder));
  }
  read_candidates(all);
  std::vector<std::string> keys;
  for (const auto& [folder, candidates] : candidates_) {
    if (!folder.empty() && plan.judge_hash_dir(folder) != WalFolder::mixed) continue;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(keys),
                 [&](const std::string& key) { return deletes(plan, key); });
  }
  std::sort(keys.begin(), keys.end());
  if (keys.empty()) return;
  print(fmt::format("Skipping deletion of objects {} due to --dry-run option", literal_text(keys)));
}

}  // namespace tapster
