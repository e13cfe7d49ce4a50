// The background fetcher's work: it downloads the segments that follow PostgreSQL's position into the spool. The window
// is those that the last request has asked for.
#pragma once

#include "wal/download/last_form.h"
#include "wal/prefetch/fetch_position.h"
#include "wal/prefetch/fetcher_lock.h"
#include "wal/prefetch/folder_watch.h"
#include "wal/prefetch/spool.h"

#include <tapster/archive_layout.h>
#include <tapster/object_store.h>

#include <atomic>
#include <chrono>
#include <list>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace tapster {

class Prefetcher {
 public:
  struct End {
    FetcherEnd how;
    std::string why;
  };

  Prefetcher(ObjectStore& store, const ArchiveLayout& layout, const PrivateFolder& folder);  // borrowed
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher();  // stops the downloads

  // Returns why the fetcher is to end. May be called again, when asked_again().
  End run(Duration idle_limit, const std::stop_token& stop);
  bool asked_again() const { return positions_.has_new(); }  // a request has come since run() decided to end

 private:
  enum class State { running, fetched, stopped, absent, failed };

  // The download of one segment, in a thread of its own.
  struct Job {
    explicit Job(const WalName& segment) : name(segment) {}
    WalName name;
    std::atomic<State> state{State::running};
    std::string why;  // set before `state` becomes absent or failed
    std::jthread thread;
  };

  void move_window(const FetchPosition& position);
  void forget_series();
  void collect_finished_jobs();
  void end_at(const WalName& name, End end);
  void start_jobs();
  void fetch(Job& job, const std::stop_token& stop);
  State fetch_into_spool(Job& job, const std::stop_token& stop);
  bool is_wanted(const WalName& name) const;
  std::optional<std::string> what_vanished() const;

  ObjectStore& store_;
  const ArchiveLayout& layout_;
  const PrivateFolder& folder_;
  Spool spool_;
  LastForm form_;
  FolderWatch watch_;
  PositionReader positions_;

  std::optional<FetchPosition> position_;
  std::vector<WalName> window_;
  std::set<std::string> fetched_;        // of the window; one that is not in the spool any more was served
  std::atomic<bool> bytes_came_{false};  // of any segment of this series
  std::optional<WalName> end_name_;      // this segment and later ones are not fetched
  End end_{FetcherEnd::idle, {}};
  std::list<Job> jobs_;
};

}  // namespace tapster
