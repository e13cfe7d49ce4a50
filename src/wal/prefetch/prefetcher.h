// The background fetcher's work: it keeps a window of segments behind PostgreSQL's position coming into the spool.
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
  ~Prefetcher();  // stops what is on its way

  End run(Duration idle_limit, const std::stop_token& stop);  // again, after asked_again()
  bool asked_again() const { return positions_.has_new(); }   // since it was decided to end

 private:
  enum class State { running, fetched, stopped, absent, failed };

  // One segment on its way, in a thread of its own.
  struct Job {
    explicit Job(const WalName& segment) : name(segment) {}
    WalName name;
    std::atomic<State> state{State::running};
    std::string why;  // set before `state` becomes absent or failed
    std::jthread thread;
  };

  void follow(const FetchPosition& position);
  void leave_series();
  void reap();
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
  std::set<std::string> fetched_;  // of the window: what is gone from the spool was taken
  std::atomic<bool> flowing_{false};
  std::optional<WalName> last_;  // nothing is fetched from here on
  End end_{FetcherEnd::idle, {}};
  std::list<Job> jobs_;
};

}  // namespace tapster
