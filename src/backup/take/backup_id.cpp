#include "backup/take/backup_id.h"

#include <tapster/log.h>

#include <array>
#include <ctime>

namespace tapster {
namespace {

constexpr int kTries = 60;

bool has_objects(ObjectStore& store, const std::string& prefix) {
  bool found = false;
  ListOptions one;
  one.page_size = 1;
  store.list(prefix, one, [&found](const ListPage& page) {
    found = found || !page.objects.empty();
    return !found;
  });
  return found;
}

}  // namespace

std::string backup_id_of(TimePoint time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%S", &local);
  return {text.data(), length};
}

std::string choose_backup_id(ObjectStore& store, const ArchiveLayout& layout, const Clock& clock) {
  TimePoint time = clock.now();
  for (int i = 0; i < kTries; ++i, time += std::chrono::seconds(1)) {
    std::string id = backup_id_of(time);
    try {
      if (!has_objects(store, layout.backup_prefix(id))) return id;
    } catch (const StoreError& refusal) {
      if (refusal.kind() != ErrorKind::general || refusal.details().http_status == 404) throw;
      log::debug("cannot look for other backups: {}", refusal.what());
      return id;
    }
  }
  throw error(ErrorKind::operation, "there are backups for each of {} seconds from {} on: is the clock right?", kTries,
              backup_id_of(clock.now()));
}

}  // namespace tapster
