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

// How often to check that the fetcher still runs: a killed one changes nothing in the folder.
constexpr Duration kFetcherCheckInterval{200};
// How long to wait for the fetcher to begin a download that it was told of. It begins at once, unless the machine is
// busy. Where another restore has moved the segment away, the wait is in vain.
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

// Whether a fetcher was told to fetch this segment.
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
  std::optional<std::string> last_mark;
  auto last_change = std::chrono::steady_clock::now();
  while (fetcher_state(folder_).running) {
    const auto mark = mark_state(folder_, request_.name);
    if (const auto size = spool_.move_out(request_.name, request_.destination)) return size;
    if (last_mark && !mark) break;  // the download has ended without a segment
    const auto now = std::chrono::steady_clock::now();
    if (mark != last_mark) last_change = now;
    last_mark = mark;
    if (now - last_change > (mark ? request_.patience : kUntilMarked)) {  // the fetcher may be stopped or hang
      log::info("{} is being fetched ahead, but does not move", request_.name.text());
      return std::nullopt;
    }
    watch.wait(kFetcherCheckInterval);
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
  // The last fetcher came to the end of the archive. Another one is due when the segments that it fetched are served.
  if (fetcher.end == FetcherEnd::nothing_more &&
      spool_.has(request_.name.next(static_cast<std::uint32_t>(segment_size)))) {
    return;
  }
  start_fetcher();
}

void PrefetchClient::on_download_begun(std::uint32_t segment_size) {
  if (position_told_) return;
  position_told_ = true;
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
