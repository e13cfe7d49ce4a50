#include "wal/restore/prefetch_client.h"

#include "wal/prefetch/coming_mark.h"
#include "wal/prefetch/fetch_position.h"
#include "wal/prefetch/fetcher_lock.h"
#include "wal/prefetch/folder_watch.h"
#include "wal/segment_header.h"

#include <tapster/log.h>

#include <chrono>
#include <filesystem>
#include <system_error>

namespace tapster {
namespace {

constexpr Duration kLook{200};  // a killed fetcher changes nothing in the folder
// A fetcher begins with what it was told of at once, unless the machine is busy; where another restore has taken the
// segment, this is what waiting for it costs.
constexpr Duration kUntilMarked{500};

std::string absolute_path(const std::string& path) {
  std::error_code failure;
  const auto absolute = std::filesystem::absolute(path, failure);
  return failure ? path : absolute.string();
}

std::string directory_of(const std::string& path) {
  return std::filesystem::path(absolute_path(path)).parent_path().string();
}

}  // namespace

// Whether the segment is one of those that the fetcher, if there is one, has been told to fetch.
bool PrefetchClient::is_expected() const {
  const auto position = PositionReader(folder_).read_new();
  if (!position || position->directory != directory_of(request_.destination)) return false;
  WalName name = position->name;
  for (int count = 0; count < position->count; ++count) {
    name = name.next(position->segment_size);
    if (name.text() == request_.name.text()) return true;
  }
  return false;
}

std::optional<std::uint64_t> PrefetchClient::get_from_spool() const {
  if (const auto size = spool_.move_out(request_.name, request_.destination)) return size;
  if (!fetcher_state(folder_).running || !(mark_state(folder_, request_.name) || is_expected())) return std::nullopt;
  FolderWatch watch(folder_);
  std::optional<std::string> seen;  // of the mark, as long as there is one
  bool marked = false;
  auto moved = std::chrono::steady_clock::now();
  while (fetcher_state(folder_).running) {
    const auto now_seen = mark_state(folder_, request_.name);
    if (const auto size = spool_.move_out(request_.name, request_.destination)) return size;
    if (marked && !now_seen) break;  // it has not come
    marked = now_seen.has_value();
    const auto now = std::chrono::steady_clock::now();
    if (now_seen != seen) moved = now;
    seen = now_seen;
    if (now - moved > (marked ? request_.patience : kUntilMarked)) {  // it may be stopped, or have lost its way
      log::info("{} is being fetched ahead, but does not move", request_.name.text());
      return std::nullopt;
    }
    watch.wait(kLook);
  }
  return spool_.move_out(request_.name, request_.destination);
}

bool PrefetchClient::tell_position(std::uint32_t segment_size) const {
  const FetchPosition position{request_.name, segment_size, request_.parallel, directory_of(request_.destination)};
  if (write_position(folder_, position)) return true;
  log::info("not prefetching WAL: cannot write to {}", folder_.path());
  return false;
}

void PrefetchClient::start_fetcher() const {
  log::debug("fetching ahead of {} in the background", request_.name.text());
  request_.start_fetcher(absolute_path(folder_.path()));
}

void PrefetchClient::on_served_from_spool(std::uint64_t segment_size) const {
  if (!is_segment_size(segment_size) || !tell_position(static_cast<std::uint32_t>(segment_size))) return;
  const FetcherState fetcher = fetcher_state(folder_);
  if (fetcher.running || (fetcher.end == FetcherEnd::failed && fetcher.just_now)) return;
  // The last one came to the end of the archive: another look is due when its catch has been eaten.
  if (fetcher.end == FetcherEnd::nothing_more &&
      spool_.has(request_.name.next(static_cast<std::uint32_t>(segment_size)))) {
    return;
  }
  start_fetcher();
}

void PrefetchClient::on_download_begun(std::uint32_t segment_size) {
  if (told_) return;
  told_ = true;
  if (!tell_position(segment_size)) return;
  const FetcherState fetcher = fetcher_state(folder_);
  if (fetcher.running) return;
  if (fetcher.end == FetcherEnd::failed && fetcher.just_now) {
    log::info("not prefetching WAL: that has just failed: {}", fetcher.why);
    return;
  }
  start_fetcher();
}

}  // namespace tapster
