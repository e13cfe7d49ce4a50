#include "backup/take/wal_presence.h"

#include "wal/wal_objects.h"

#include <tapster/log.h>
#include <tapster/wal_name.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>
#include <string_view>

namespace tapster {
namespace {

using namespace std::chrono_literals;

constexpr Duration kFirstPause = 50ms;
constexpr Duration kLongestPause = 5s;
constexpr std::size_t kLengthOfTimeline = 8;
constexpr std::size_t kNamed = 5;  // missing segments, in a warning

// Names without their timeline.
using Numbers = std::set<std::string, std::less<>>;

std::string_view number_of(std::string_view segment) { return segment.substr(kLengthOfTimeline); }

Numbers needed(const LsnRange& range) {
  Numbers numbers;
  // The end is exclusive: a backup that ends with a segment does not need the next one.
  for (std::uint64_t lsn = range.begin_lsn / range.segment_size * range.segment_size;
       lsn < range.end_lsn || numbers.empty(); lsn += range.segment_size) {
    numbers.emplace(number_of(segment_name(range.begin_timeline, lsn, range.segment_size)));
  }
  return numbers;
}

// Takes from `missing` what lies in one folder: those of one timeline and the same upper half of their LSN.
void strike_out(ObjectStore& store, const std::string& folder, Numbers& missing) {
  store.list(folder, {}, [&](const ListPage& page) {
    for (const ObjectEntry& object : page.objects) {
      const std::string_view name = without_suffix(std::string_view(object.key).substr(folder.size()));
      const auto wal = WalName::parse(name);
      if (!wal || wal->kind() != WalName::Kind::segment) continue;
      if (const auto found = missing.find(number_of(name)); found != missing.end()) missing.erase(found);
    }
    return !missing.empty();
  });
}

}  // namespace

std::string segment_name(std::uint32_t timeline, std::uint64_t lsn, std::uint64_t segment_size) {
  return fmt::format("{:08X}{:08X}{:08X}", timeline, lsn >> 32U, (lsn & 0xFFFFFFFFU) / segment_size);
}

std::vector<std::string> missing_segments(ObjectStore& store, const ArchiveLayout& layout, const LsnRange& range) {
  Numbers missing = needed(range);
  Numbers halves;
  for (const std::string& number : missing) halves.emplace(number.substr(0, kLengthOfTimeline));
  const auto [oldest, newest] = std::minmax(range.begin_timeline, range.end_timeline);
  for (std::uint64_t timeline = newest; timeline >= std::max(oldest, 1U) && !missing.empty(); --timeline) {
    for (const std::string& half : halves) {
      strike_out(store, fmt::format("{}{:08X}{}/", layout.wals_prefix(), timeline, half), missing);
    }
  }
  std::vector<std::string> names;
  names.reserve(missing.size());
  for (const std::string& number : missing) names.push_back(fmt::format("{:08X}{}", range.end_timeline, number));
  return names;
}

std::vector<std::string> await_segments(ObjectStore& store, const ArchiveLayout& layout, const LsnRange& range,
                                        std::chrono::seconds timeout, Clock& clock, const std::stop_token& stop) {
  const TimePoint end = clock.now() + timeout;
  for (Duration pause = kFirstPause;; pause = std::min(pause * 3 / 2, kLongestPause)) {
    std::vector<std::string> missing = missing_segments(store, layout, range);
    const auto left = std::chrono::ceil<Duration>(end - clock.now());
    if (missing.empty() || left <= Duration::zero()) return missing;
    clock.sleep(std::min(pause, left), stop);
    if (stop.stop_requested()) throw Interrupted();
  }
}

void warn_of_missing(const std::vector<std::string>& segments, const std::string& archive) {
  if (segments.empty()) return;
  const std::size_t named = std::min(segments.size(), kNamed);
  const std::string more =
      segments.size() > named ? fmt::format(" and {} more", segments.size() - named) : std::string();
  log::warning(
      "this backup cannot be restored before the WAL that it needs is in {}: missing {}{} (does "
      "archive_command store there?)",
      archive, fmt::join(std::span(segments).first(named), ", "), more);
}

}  // namespace tapster
