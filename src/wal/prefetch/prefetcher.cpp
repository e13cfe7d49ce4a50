#include "wal/prefetch/prefetcher.h"

#include "wal/download/wal_download.h"
#include "wal/prefetch/coming_mark.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

namespace tapster {
namespace {

// How often to check that the directories still exist: no event announces that they are gone.
constexpr Duration kDirectoryCheckInterval{1000};

std::vector<WalName> segments_after(const FetchPosition& position) {
  std::vector<WalName> result;
  WalName name = position.name;
  for (int count = 0; count < position.count; ++count) {
    name = name.next(position.segment_size);
    result.push_back(name);
  }
  return result;
}

bool contains(const std::vector<WalName>& names, const WalName& name) {
  return std::any_of(names.begin(), names.end(), [&](const WalName& other) { return other.text() == name.text(); });
}

}  // namespace

Prefetcher::Prefetcher(ObjectStore& store, const ArchiveLayout& layout, const PrivateFolder& folder)
    : store_(store),
      layout_(layout),
      folder_(folder),
      spool_(folder),
      form_(folder),
      watch_(folder),
      positions_(folder) {}

Prefetcher::~Prefetcher() {
  for (Job& job : jobs_) job.thread.request_stop();
}

Prefetcher::End Prefetcher::run(Duration idle_limit, const std::stop_token& stop) {
  const std::stop_callback wake_up(stop, [this] { watch_.wake(); });
  auto last_needed = std::chrono::steady_clock::now();
  for (;;) {
    if (stop.stop_requested()) return {FetcherEnd::idle, "it was told to"};
    const auto now = std::chrono::steady_clock::now();
    if (const auto position = positions_.read_new()) {
      last_needed = now;
      move_window(*position);
    }
    if (auto vanished = what_vanished()) return {FetcherEnd::idle, *std::move(vanished)};
    collect_finished_jobs();
    start_jobs();
    if (end_name_ && jobs_.empty()) return end_;
    if (!jobs_.empty()) last_needed = now;  // a request may be waiting for it
    if (now - last_needed >= idle_limit) return {FetcherEnd::idle, "nobody asks any more"};
    watch_.wait(std::min(idle_limit, kDirectoryCheckInterval));
  }
}

bool Prefetcher::is_wanted(const WalName& name) const {
  return contains(window_, name) && (!end_name_ || name.text() < end_name_->text());
}

void Prefetcher::move_window(const FetchPosition& position) {
  // PostgreSQL may ask twice, and requests of several restores at once come in any order: a step back within the window
  // does not move it.
  if (position_ && position.count == position_->count && position.segment_size == position_->segment_size &&
      (position.name.text() == position_->name.text() || contains(segments_after(position), position_->name))) {
    return;
  }
  const bool onward = contains(window_, position.name);
  position_ = position;
  window_ = segments_after(position);
  if (!onward) forget_series();
  if (end_name_ && !contains(window_, *end_name_)) end_name_.reset();
  std::erase_if(fetched_, [this](const std::string& name) { return !contains(window_, *WalName::parse(name)); });
  for (Job& job : jobs_) {
    if (!is_wanted(job.name)) job.thread.request_stop();
  }
  folder_.for_each([this](const char* entry) {
    const auto name = WalName::parse(entry);
    if (name && name->kind() == WalName::Kind::segment && name->text() != position_->name.text() &&
        !contains(window_, *name)) {
      ::unlinkat(folder_.descriptor(), entry, 0);
    }
  });
}

// For another timeline, or a jump.
void Prefetcher::forget_series() {
  fetched_.clear();
  end_name_.reset();
  bytes_came_ = false;
}

void Prefetcher::collect_finished_jobs() {
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    if (job->state == State::running) {
      ++job;
      continue;
    }
    job->thread.join();
    if (job->state == State::fetched) fetched_.insert(job->name.text());
    if (job->state == State::absent) end_at(job->name, {FetcherEnd::nothing_more, job->why});
    if (job->state == State::failed) end_at(job->name, {FetcherEnd::failed, job->why});
    job = jobs_.erase(job);
  }
}

void Prefetcher::end_at(const WalName& name, End end) {
  if (!is_wanted(name)) return;
  end_name_ = name;
  end_ = std::move(end);
  for (Job& job : jobs_) {
    if (!is_wanted(job.name)) job.thread.request_stop();
  }
}

void Prefetcher::start_jobs() {
  for (const WalName& name : window_) {
    if (!is_wanted(name)) return;
    if (spool_.has(name)) fetched_.insert(name.text());
    if (fetched_.contains(name.text())) continue;
    const auto is_coming = [&](const Job& job) { return job.name.text() == name.text(); };
    if (std::any_of(jobs_.begin(), jobs_.end(), is_coming)) continue;
    // Until bytes have come only one segment is asked for: at the end of the archive, where a standby polls, that costs
    // one question instead of N.
    const auto is_ours = [this](const Job& job) { return is_wanted(job.name); };
    if (!bytes_came_ && std::any_of(jobs_.begin(), jobs_.end(), is_ours)) return;
    Job& job = jobs_.emplace_back(name);
    try {
      job.thread = std::jthread([this, &job](const std::stop_token& stop) { fetch(job, stop); });
    } catch (const std::system_error& failure) {
      jobs_.pop_back();
      if (jobs_.empty()) end_at(name, {FetcherEnd::failed, failure.what()});
      return;
    }
  }
}

void Prefetcher::fetch(Job& job, const std::stop_token& stop) {
  State state = State::failed;
  try {
    state = fetch_into_spool(job, stop);
  } catch (const Interrupted&) {
    state = State::stopped;
  } catch (const std::exception& failure) {
    job.why = failure.what();
    log::info("not prefetching {} and what follows: {}", job.name.text(), job.why);
  }
  job.state = state;
  watch_.wake();
}

Prefetcher::State Prefetcher::fetch_into_spool(Job& job, const std::stop_token& stop) {
  ComingMark mark(folder_, job.name);
  WalDownloadOrder order{.name = job.name};
  order.new_file = [&] { return spool_.create(job.name); };
  order.on_segment_size = [this](std::uint32_t) {
    if (!bytes_came_.exchange(true)) watch_.wake();
  };
  order.on_bytes = [&mark] { mark.moved(); };
  order.only_whole = true;
  order.stop = stop;
  if (download_wal_file(store_, layout_, &form_, order)) return State::fetched;
  job.why = fmt::format("{} is not in the archive", job.name.text());
  return State::absent;
}

std::optional<std::string> Prefetcher::what_vanished() const {
  struct stat info {};
  if (::fstat(folder_.descriptor(), &info) != 0 || info.st_nlink == 0) return folder_.path() + " is gone";
  if (!position_ || position_->directory.empty()) return std::nullopt;
  if (::stat(position_->directory.c_str(), &info) == 0 || errno != ENOENT) return std::nullopt;
  return position_->directory + " is gone";
}

}  // namespace tapster
