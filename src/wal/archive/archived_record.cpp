#include "wal/archive/archived_record.h"

#include "wal/archive/archive_context.h"
#include "wal/private_note.h"

#include <tapster/log.h>

#include <fcntl.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>

namespace tapster {
namespace {

constexpr std::string_view kClaimSuffix = ".stored";
constexpr std::string_view kLeftBehind = ".tapster-";  // of AtomicFile
// PostgreSQL comes within seconds, or a minute when it rests after failures. Later the archive is asked.
constexpr std::chrono::minutes kClaimAge{15};

std::string note_of(const WalName& name) { return name.text() + std::string(kClaimSuffix); }

}  // namespace

ArchivedRecord::ArchivedRecord(const PrivateFolder& folder, const std::string& archive, std::uint64_t system_identifier)
    : folder_(folder), mark_(archive_mark(archive)), system_identifier_(system_identifier) {}

// Whatever happens to the file (recycled, replaced, written to, its times set) changes one of these: the time of the
// last change of the inode cannot be set.
std::string ArchivedRecord::claim(const WalName& name, const struct stat& file) const {
  return fmt::format("stored-1 {} {} {} {} {} {} {}.{:09} {}.{:09}", mark_, system_identifier_, name.text(),
                     file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec,
                     file.st_ctim.tv_sec, file.st_ctim.tv_nsec);
}

void ArchivedRecord::add(const WalName& name, const struct stat& file, TimePoint now) const {
  write_note(folder_, note_of(name), claim(name, file) + " " + note_time(now));
}

bool ArchivedRecord::consume(const WalName& name, const struct stat& file, TimePoint now) const {
  const auto text = read_note(folder_, note_of(name));
  if (!text) return false;
  remove_note(folder_, note_of(name));
  const std::string known = claim(name, file) + " ";
  if (!text->starts_with(known)) {
    log::debug("{} was stored from another file, or for another cluster: archiving it the usual way", name.text());
    return false;
  }
  if (is_recent(std::string_view(*text).substr(known.size()), now, kClaimAge)) return true;
  log::debug("{} was stored too long ago to rely on it: archiving it the usual way", name.text());
  return false;
}

std::set<std::string> ArchivedRecord::remove_outdated(const WalName& current, TimePoint now) const {
  std::set<std::string> remaining;
  folder_.for_each([&](const char* entry) {
    const std::string_view file = entry;
    const bool claimed = file.ends_with(kClaimSuffix);
    if (!claimed && !file.starts_with(kLeftBehind)) return;
    struct stat info {};
    if (::fstatat(folder_.descriptor(), entry, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    const std::string_view segment = file.substr(0, file.size() - (claimed ? kClaimSuffix.size() : 0));
    const bool passed = claimed && segment <= current.text();
    if (passed || !is_recent(std::to_string(info.st_mtim.tv_sec), now, kClaimAge)) {
      remove_note(folder_, entry);
    } else if (claimed) {
      remaining.emplace(segment);
    }
  });
  return remaining;
}

}  // namespace tapster
