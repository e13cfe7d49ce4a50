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

constexpr std::string_view kNoteSuffix = ".stored";
constexpr std::string_view kTemporaryPrefix = ".tapster-";  // AtomicFile's
// PostgreSQL comes within seconds, or within a minute when it rests after failures.
constexpr std::chrono::minutes kNoteAge{15};

std::string note_name(const WalName& name) { return name.text() + std::string(kNoteSuffix); }

}  // namespace

ArchivedRecord::ArchivedRecord(const PrivateFolder& folder, const std::string& archive, std::uint64_t system_identifier)
    : folder_(folder), mark_(archive_mark(archive)), system_identifier_(system_identifier) {}

// Recycling the file, replacing it, writing to it and setting its times all change one of these values: nobody can set
// the time of the inode's last change.
std::string ArchivedRecord::note_text(const WalName& name, const struct stat& file) const {
  return fmt::format("stored-1 {} {} {} {} {} {} {}.{:09} {}.{:09}", mark_, system_identifier_, name.text(),
                     file.st_dev, file.st_ino, file.st_size, file.st_mtim.tv_sec, file.st_mtim.tv_nsec,
                     file.st_ctim.tv_sec, file.st_ctim.tv_nsec);
}

void ArchivedRecord::add(const WalName& name, const struct stat& file, TimePoint now) const {
  write_note(folder_, note_name(name), note_text(name, file) + " " + note_time(now));
}

bool ArchivedRecord::consume(const WalName& name, const struct stat& file, TimePoint now) const {
  const auto text = read_note(folder_, note_name(name));
  if (!text) return false;
  remove_note(folder_, note_name(name));
  const std::string expected = note_text(name, file) + " ";
  if (!text->starts_with(expected)) {
    log::debug("{} was stored from another file, or for another cluster: archiving it the usual way", name.text());
    return false;
  }
  if (is_recent(std::string_view(*text).substr(expected.size()), now, kNoteAge)) return true;
  log::debug("{} was stored too long ago to rely on it: archiving it the usual way", name.text());
  return false;
}

std::set<std::string> ArchivedRecord::remove_outdated(const WalName& current, TimePoint now) const {
  std::set<std::string> remaining;
  folder_.for_each([&](const char* entry) {
    const std::string_view file = entry;
    const bool is_note = file.ends_with(kNoteSuffix);
    if (!is_note && !file.starts_with(kTemporaryPrefix)) return;
    struct stat info {};
    if (::fstatat(folder_.descriptor(), entry, &info, AT_SYMLINK_NOFOLLOW) != 0) return;
    const std::string_view segment = file.substr(0, file.size() - (is_note ? kNoteSuffix.size() : 0));
    const bool passed = is_note && segment <= current.text();
    if (passed || !is_recent(std::to_string(info.st_mtim.tv_sec), now, kNoteAge)) {
      remove_note(folder_, entry);
    } else if (is_note) {
      remaining.emplace(segment);
    }
  });
  return remaining;
}

}  // namespace tapster
