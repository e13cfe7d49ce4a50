#include "backup/restore/restore_plan.h"

#include "backup/restore/member_extractor.h"
#include "backup/restore/restore_directories.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <fcntl.h>

#include <algorithm>

namespace tapster {
namespace {

BackupInfo restorable_info(ObjectStore& store, const ArchiveLayout& layout, const std::string& id) {
  auto info = read_backup_info(store, layout, id);
  if (!info) {
    throw error(ErrorKind::operation, "Backup {} for server {} does not exist: there is no {}", id,
                layout.server_name(), store.describe(layout.backup_info_key(id)));
  }
  if (info->snapshots_info) {
    throw error(ErrorKind::general, "backup {} is made of disk snapshots: restoring those is not supported yet", id);
  }
  if (!info->usable()) {
    throw error(ErrorKind::operation,
                "backup {} for server {} has the status {}: its archives are not complete, so it cannot be restored",
                id, layout.server_name(), name_of(info->status));
  }
  return std::move(*info);
}

// The objects directly in the backup's folder, with their names in it.
std::vector<ObjectEntry> list_folder(ObjectStore& store, const std::string& prefix) {
  std::vector<ObjectEntry> folder;
  store.list(prefix, {}, [&](const ListPage& page) {
    folder.reserve(folder.size() + page.objects.size());
    for (const ObjectEntry& object : page.objects) {
      std::string name = object.key.substr(prefix.size());
      if (!name.empty() && name.find('/') == std::string::npos) folder.push_back({std::move(name), object.size});
    }
    return true;
  });
  return folder;
}

void require_complete(const ArchiveSet& set, const std::string& folder) {
  if (set.complete) return;
  throw error(ErrorKind::operation, "{}{}.tar is missing, also in every compressed form: the backup cannot be restored",
              folder, set.base_name());
}

std::string directory_of(const Tablespace& tablespace, const RestoreOptions& options) {
  const auto rule = options.tablespaces.find(tablespace.name);
  if (rule != options.tablespaces.end()) return resolved_path(rule->second);
  if (!tablespace.location.starts_with('/')) {
    throw error(
        ErrorKind::general,
        "the recorded location of tablespace {} is '{}', which is no absolute path: give it one by --tablespace",
        tablespace.name, tablespace.location);
  }
  return tablespace.location;
}

// A tablespace inside PGDATA is allowed where it was in the cluster, for its files are left out of PGDATA's archive.
bool was_there(const std::string& directory, const std::string& pgdata, const Tablespace& tablespace,
               const BackupInfo& info) {
  return info.pgdata && is_inside(tablespace.location, *info.pgdata) &&
         directory.substr(pgdata.size()) == tablespace.location.substr(info.pgdata->size());
}

void check_overlaps(RestorePlan& plan, const BackupInfo& info) {
  std::vector<std::string> resolved;
  resolved.reserve(plan.targets.size());
  for (const RestoreTarget& target : plan.targets) resolved.push_back(resolved_path(target.directory));
  for (std::size_t i = 1; i < resolved.size(); ++i) {
    const Tablespace& tablespace = info.tablespaces[i - 1];
    for (std::size_t j = 0; j < i; ++j) {
      const bool inside = is_inside(resolved[i], resolved[j]);
      if (j == 0 && inside && was_there(resolved[i], resolved[0], tablespace, info)) {
        plan.nested = true;
      } else if (resolved[i] == resolved[j] || inside || is_inside(resolved[j], resolved[i])) {
        throw error(ErrorKind::operation,
                    "tablespace {} would be restored into {}, which is, holds or is inside of {}, where {} goes: give "
                    "it another directory by --tablespace {}:DIRECTORY",
                    tablespace.name, plan.targets[i].directory, plan.targets[j].directory,
                    j == 0 ? "PGDATA" : "tablespace " + info.tablespaces[j - 1].name, tablespace.name);
      }
    }
  }
}

std::string all_directories(const std::string& pgdata, const RestoreMarker& marker) {
  std::string text = pgdata;
  for (const auto& [oid, directory] : marker.tablespaces) text.append(", ").append(directory);
  return text;
}

// Whether an earlier attempt of the very same restore is there.
bool take_over_marker(RestorePlan& plan) {
  const std::string& pgdata = plan.pgdata();
  const FileDescriptor root = open_directory(pgdata);
  auto marker = read_marker(root.get(), pgdata);
  if (!marker) return false;
  if (!marker->same_restore(plan.marker)) {
    throw error(
        ErrorKind::operation,
        "{} holds an unfinished restore of {}: repeat that command with its arguments, or remove everything in {} "
        "to start over",
        pgdata, marker->source, all_directories(pgdata, *marker));
  }
  plan.marker.done = std::move(marker->done);
  return true;
}

void check_directories(RestorePlan& plan) {
  const auto state = directory_state(plan.pgdata());
  plan.resumed = state == DirectoryState::occupied && take_over_marker(plan);
  std::vector<SpaceDemand> demands;
  demands.reserve(plan.targets.size());
  for (const RestoreTarget& target : plan.targets) {
    if (directory_state(target.directory) == DirectoryState::occupied && !plan.resumed) {
      throw error(ErrorKind::operation,
                  "{} {} is not empty: nothing is restored into it; empty it, or choose another one",
                  &target == plan.targets.data() ? "the destination" : "the tablespace's directory", target.directory);
    }
    check_writable(target.directory);
    SpaceDemand& demand = demands.emplace_back(SpaceDemand{.directory = target.directory});
    for (const BackupArchive& archive : target.set.archives) demand.bytes += archive.size;
  }
  // What is left of an earlier attempt takes room that will be free again.
  if (!plan.resumed) check_space(demands);
}

}  // namespace

RestorePlan plan_restore(ObjectStore& store, const ArchiveLayout& layout, const RestoreOptions& options) {
  const BackupInfo info = restorable_info(store, layout, options.id);
  RestorePlan plan;
  plan.id = options.id;
  plan.version = info.version.value_or(0);
  const std::string prefix = layout.backup_prefix(options.id);
  plan.marker.source = store.describe(prefix);
  const auto folder = list_folder(store, prefix);
  plan.has_manifest = std::any_of(folder.begin(), folder.end(), [&](const ObjectEntry& object) {
    return prefix + object.key == layout.manifest_key(options.id);
  });

  for (ArchiveSet& set : find_archives(info, folder)) {
    require_complete(set, plan.marker.source);
    plan.targets.push_back({std::move(set), {}});  // NOLINT(performance-inefficient-vector-operation): few
  }
  plan.targets.front().directory = resolved_path(options.target);
  for (std::size_t i = 1; i < plan.targets.size(); ++i) {
    plan.targets[i].directory = directory_of(info.tablespaces.at(i - 1), options);
    plan.marker.tablespaces[plan.targets[i].set.base_name()] = plan.targets[i].directory;
  }
  for (const auto& [name, directory] : options.tablespaces) {
    if (std::none_of(info.tablespaces.begin(), info.tablespaces.end(),
                     [&name = name](const Tablespace& tablespace) { return tablespace.name == name; })) {
      log::warning("the backup has no tablespace {}: --tablespace {}:{} has no effect", name, name, directory);
    }
  }
  check_overlaps(plan, info);
  check_directories(plan);
  return plan;
}

}  // namespace tapster
