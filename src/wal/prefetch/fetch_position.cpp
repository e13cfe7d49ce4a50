#include "wal/prefetch/fetch_position.h"

#include "wal/private_note.h"
#include "wal/segment_header.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

namespace tapster {
namespace {

constexpr const char* kPositionFile = "position";
constexpr int kMostSegments = 1024;

// Cuts a number and the `end` behind it off the front of `text`.
template <typename Number>
bool cut_number(std::string_view& text, char end, Number& number) {
  const auto [rest, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || rest == text.data() + text.size() || *rest != end) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + 1);
  return true;
}

// Parses "SEGMENT SIZE COUNT\nDIRECTORY".
std::optional<FetchPosition> position_in(std::string_view text) {
  const std::size_t blank = text.find(' ');
  const auto name = WalName::parse(text.substr(0, blank));
  if (blank == std::string_view::npos || !name || name->kind() != WalName::Kind::segment) return std::nullopt;
  text.remove_prefix(blank + 1);
  FetchPosition position{*name, 0, 0, {}};
  if (!cut_number(text, ' ', position.segment_size) || !is_segment_size(position.segment_size)) return std::nullopt;
  if (!cut_number(text, '\n', position.count) || position.count < 1 || position.count > kMostSegments) {
    return std::nullopt;
  }
  position.directory = text;
  return position;
}

}  // namespace

bool write_position(const PrivateFolder& folder, const FetchPosition& position) {
  return write_note(folder, kPositionFile,
                    fmt::format("{} {} {}\n{}", position.name.text(), position.segment_size,
                                std::min(position.count, kMostSegments), position.directory));
}

std::optional<std::string> PositionReader::identity() const {
  struct stat info {};
  if (::fstatat(folder_.descriptor(), kPositionFile, &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return fmt::format("{} {} {}", info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

bool PositionReader::has_new() const {
  const auto found = identity();
  return found && *found != read_;
}

std::optional<FetchPosition> PositionReader::read_new() {
  auto found = identity();
  if (!found || *found == read_) return std::nullopt;
  const auto text = read_note(folder_, kPositionFile);
  if (!text) return std::nullopt;
  read_ = *std::move(found);
  return position_in(*text);
}

}  // namespace tapster
