#include "wal/wal_objects.h"

#include <tapster/error.h>
#include <tapster/wal_check.h>

namespace tapster {
namespace {

std::optional<WalName> wal_name_of(std::string_view key) {
  const std::string_view base = key.substr(key.rfind('/') + 1);
  if (auto name = WalName::parse(base)) return name;
  return WalName::parse(without_suffix(base));
}

}  // namespace

void check_wal_archive(ObjectStore& store, const ArchiveLayout& layout, std::optional<std::uint32_t> timeline) {
  std::uint64_t found = 0;
  store.list(layout.wals_prefix(), {}, [&](const ListPage& page) {
    for (const ObjectEntry& entry : page.objects) {
      const auto name = wal_name_of(entry.key);
      if (name && (!timeline || name->timeline() >= *timeline)) ++found;
    }
    return timeline.has_value() || found == 0;
  });
  if (found == 0) return;
  const std::string prefix = "WAL archive check failed for server " + layout.server_name() + ": ";
  if (!timeline) throw Error(ErrorKind::operation, prefix + "Expected empty archive");
  throw error(ErrorKind::operation, "{}Found {} file{} in WAL archive equal to or newer than timeline {}", prefix,
              found, found == 1 ? "" : "s", *timeline);
}

}  // namespace tapster
