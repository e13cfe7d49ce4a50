#include "wal/private_note.h"

#include "codec/crc.h"
#include "crypto/digest.h"
#include "file/atomic_file.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>

namespace tapster {
namespace {

constexpr std::size_t kMaxNote = 6 << 10;  // a path has up to 4 KiB
constexpr std::size_t kChecksumLine = 18;  // "\n", 16 digits, "\n"

std::string checksum_line(std::string_view text) { return fmt::format("\n{:016x}\n", crc64nvme(0, as_bytes(text))); }

std::optional<std::string> whole_file(int folder, const std::string& name, const std::string& path) {
  // Without O_NONBLOCK a FIFO would wait for a writer.
  const FileDescriptor file = open_at(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw FileError(errno, "cannot open", path);
  }
  std::array<std::byte, kMaxNote + kChecksumLine + 1> buffer{};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const std::size_t count = read_at(file.get(), size, std::span(buffer).subspan(size), path);
    if (count == 0) break;
    size += count;
  }
  return std::string(reinterpret_cast<const char*>(buffer.data()), size);
}

}  // namespace

std::optional<std::string> read_note(const PrivateFolder& folder, const std::string& name) {
  const std::string path = folder.path() + "/" + name;
  try {
    auto text = whole_file(folder.descriptor(), name, path);
    if (!text) return std::nullopt;
    if (text->size() >= kChecksumLine) {
      const std::string found = text->substr(text->size() - kChecksumLine);
      text->resize(text->size() - kChecksumLine);
      if (found == checksum_line(*text)) return text;
    }
    log::debug("{} is damaged, doing without it", path);
  } catch (const FileError& failure) {
    log::debug("doing without a note: {}", failure.what());
  }
  return std::nullopt;
}

bool write_note(const PrivateFolder& folder, const std::string& name, std::string_view text) {
  try {
    // Not synced: a lost note costs one request.
    AtomicFile file(folder.descriptor(), name, folder.path() + "/" + name, {.durable = false});
    file.write(as_bytes(fmt::format("{}{}", text, checksum_line(text))));
    file.commit_replace();
    return true;
  } catch (const FileError& failure) {
    log::debug("doing without a note: {}", failure.what());
    return false;
  }
}

void remove_note(const PrivateFolder& folder, const std::string& name) {
  ::unlinkat(folder.descriptor(), name.c_str(), 0);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find(' ', begin);
    words.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return words;
    begin = end + 1;
  }
}

std::string note_time(TimePoint time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

bool is_recent(std::string_view text, TimePoint now, std::chrono::seconds age) {
  std::int64_t then = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), then);
  if (problem != std::errc() || end != text.data() + text.size()) return false;
  const std::int64_t today = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return then <= today && today - then <= age.count();
}

}  // namespace tapster
