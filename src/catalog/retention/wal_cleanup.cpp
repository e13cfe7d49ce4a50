#include "catalog/retention/wal_cleanup.h"

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

bool may_lose(WalFolder folder) { return folder == WalFolder::mixed || folder == WalFolder::deletable; }

bool deletable(const WalCleanup& plan, const std::string& key) {
  const auto name = wal_name_of(key);
  return name && plan.deletable(*name);
}

// The highest limit: no key at or behind its own may go.
std::string end_of(std::span<const WalCleanup> plans, const std::string& wals) {
  std::string limit;
  for (const WalCleanup& plan : plans) limit = std::max(limit, plan.limit);
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
  if (read_) return;
  ListOptions options;
  options.by_folder = true;
  const WalCleanup no_plan;
  store_.list(wals_, options, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) loose_.push_back(object.key);
    for (const std::string& prefix : page.prefixes) {
      std::string folder(folder_of(prefix));
      if (no_plan.folder(folder) == WalFolder::unreadable) {
        log::warning("{} is malformed as a folder of WAL files: it is left alone", store_.describe(prefix));
      } else {
        folders_.push_back(std::move(folder));
      }
    }
    return true;
  });
  read_ = true;
}

std::vector<WalArchiveCleaner::Run> WalArchiveCleaner::runs(
    const std::function<bool(const std::string& folder)>& wanted) const {
  std::vector<Run> runs;
  bool open = false;
  for (const std::string& folder : folders_) {
    const bool want = wanted(folder);
    if (want && open) runs.back().last = folder;
    if (want && !open) runs.push_back({folder, folder});
    open = want;
  }
  return runs;
}

void WalArchiveCleaner::list_run(const Run& run, const std::string& end,
                                 const std::function<void(const ObjectEntry&)>& each) {
  const std::string prefix = wals_ + (run.first == run.last ? run.first + "/" : common_beginning(run.first, run.last));
  const auto precedes = [&](const std::string& folder) {
    return folder < run.first && (wals_ + folder).starts_with(prefix);
  };
  ListOptions options;
  if (std::any_of(folders_.begin(), folders_.end(), precedes)) options.start_after = wals_ + run.first;
  store_.list(prefix, options, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) {
      if (object.key >= end || folder_of(object.key) > run.last) return false;
      if (folder_of(object.key) >= run.first) each(object);
    }
    return true;
  });
}

bool WalArchiveCleaner::remove(std::span<const WalCleanup> plans, std::size_t batch_size) {
  std::vector<WalCleanup> active;
  std::copy_if(plans.begin(), plans.end(), std::back_inserter(active), [](const auto& plan) { return plan.anything; });
  if (active.empty()) return true;
  BatchedRemoval removal(store_, batch_size);
  bool listed = true;
  try {
    read_folders();
    // The plan of the newest backup, which reaches furthest, first.
    const auto any_deletable = [&](const std::string& key) {
      return std::any_of(active.rbegin(), active.rend(), [&](const auto& plan) { return deletable(plan, key); });
    };
    for (const std::string& key : loose_) {
      if (any_deletable(key)) removal.add(key);
    }
    const auto wanted = [&](const std::string& folder) {
      return std::any_of(active.rbegin(), active.rend(),
                         [&](const auto& plan) { return may_lose(plan.folder(folder)); });
    };
    std::string folder;  // the last one that was looked at
    bool whole = false;
    for (const Run& run : runs(wanted)) {
      list_run(run, end_of(active, wals_), [&](const ObjectEntry& object) {
        if (const auto here = folder_of(object.key); here != folder) {
          folder = here;
          whole = std::any_of(active.rbegin(), active.rend(),
                              [&](const auto& plan) { return plan.folder(folder) == WalFolder::deletable; });
        }
        if (whole || any_deletable(object.key)) removal.add(object.key);
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

void WalArchiveCleaner::read_candidates(std::span<const WalCleanup> all) {
  if (!candidates_.empty()) return;
  candidates_[""] = loose_;
  const auto mixed = [&](const std::string& folder) {
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.folder(folder) == WalFolder::mixed; });
  };
  for (const Run& run : runs(mixed)) {
    list_run(run, end_of(all, wals_),
             [&](const ObjectEntry& object) { candidates_[std::string(folder_of(object.key))].push_back(object.key); });
  }
}

void WalArchiveCleaner::print(const WalCleanup& plan, std::span<const WalCleanup> all,
                              const std::function<void(std::string_view)>& print) {
  if (!plan.anything) return;
  read_folders();
  for (const std::string& folder : folders_) {
    if (plan.folder(folder) != WalFolder::deletable) continue;
    print(fmt::format("Skipping deletion of all objects under prefix {}{}/ due to --dry-run option", wals_, folder));
  }
  read_candidates(all);
  std::vector<std::string> keys;
  for (const auto& [folder, candidates] : candidates_) {
    if (!folder.empty() && plan.folder(folder) != WalFolder::mixed) continue;
    std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(keys),
                 [&](const std::string& key) { return deletable(plan, key); });
  }
  std::sort(keys.begin(), keys.end());
  if (keys.empty()) return;
  print(fmt::format("Skipping deletion of objects {} due to --dry-run option", literal_text(keys)));
}

}  // namespace tapster
