#include <tapster/backup_archives.h>
#include <tapster/log.h>

#include <algorithm>
#include <string_view>

namespace tapster {
namespace {

// `extension`: what follows the first dot of an object's name. nullopt: not an archive of a known form.
std::optional<Compression> archive_form(std::string_view extension) {
  constexpr std::string_view kTar = "tar";
  if (!extension.starts_with(kTar)) return std::nullopt;
  extension.remove_prefix(kTar.size());
  if (extension.empty()) return Compression::none;
  for (const Compression compression : backup_compressions()) {
    if (extension == suffix_of(compression)) return compression;
  }
  return std::nullopt;
}

ArchiveSet find_set(std::optional<std::uint32_t> tablespace, const std::vector<ObjectEntry>& folder) {
  ArchiveSet set{.tablespace = tablespace, .archives = {}, .complete = false};
  const std::string base = set.base_name();
  std::optional<BackupArchive> main;
  for (const ObjectEntry& entry : folder) {
    const std::string& name = entry.key;
    if (!name.starts_with(base) || name.find('/') != name.npos) continue;
    const char next = name.size() > base.size() ? name[base.size()] : '\0';
    if (next != '.' && next != '_') continue;
    const auto form = archive_form(std::string_view(name).substr(std::min(name.find('.'), name.size() - 1) + 1));
    if (!form) {
      log::warning("Ignoring {}: it has the name of an archive, but its form is not known", name);
      continue;
    }
    BackupArchive archive{name, *form, entry.size};
    if (next == '_') {
      set.archives.push_back(std::move(archive));
      continue;
    }
    if (main) log::warning("There are two main archives, {} and {}: the second is used", main->name, name);
    main = std::move(archive);
  }
  std::sort(set.archives.begin(), set.archives.end(),
            [](const BackupArchive& a, const BackupArchive& b) { return a.name < b.name; });
  if (main) {
    set.complete = true;
    set.archives.insert(set.archives.begin(), std::move(*main));
  }
  return set;
}

}  // namespace

std::vector<ArchiveSet> find_archives(const BackupInfo& info, const std::vector<ObjectEntry>& folder) {
  std::vector<ArchiveSet> sets;
  sets.reserve(info.tablespaces.size() + 1);
  sets.push_back(find_set(std::nullopt, folder));
  for (const Tablespace& tablespace : info.tablespaces) sets.push_back(find_set(tablespace.oid, folder));
  return sets;
}

}  // namespace tapster
