// Credentials that end: fetched at first use, renewed before they do.
#pragma once

#include "text/time_text.h"

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tapster {

// `Credential` has a member `std::optional<TimePoint> expires` (nullopt: never, as far as is known).
// Thread-safe: while one thread fetches, the others wait for its result. Lives in memory only.
template <typename Credential>
class Renewal {
 public:
  // `fetch` asks anew each time and throws Error; `source` names where they come from, for people, after
  // the first fetch. The clock is borrowed.
  Renewal(std::function<Credential()> fetch, std::function<std::string()> source, Clock& clock)
      : fetch_(std::move(fetch)), source_(std::move(source)), clock_(clock) {}

  // Credentials that are valid now. The same ones are returned until five minutes before they expire or, where they
  // live for less than six minutes, for one minute. Then new ones are fetched. A failed renewal is a warning as long as
  // the old ones are valid. Throws what fetch throws, and Error (general) when fetch returns credentials that have
  // expired.
  Credential get() {
    const std::lock_guard lock(mutex_);
    const TimePoint now = clock_.now();
    if (!current_) {
      accept(fetch_(), now);
    } else if (current_->expires && now >= renew_at_) {
      renew(now);
    }
    return *current_;
  }

  // Forgets the current one if `is_refused` says that it is the one that was refused.
  template <typename Predicate>
  void forget_if(Predicate is_refused) {
    const std::lock_guard lock(mutex_);
    if (current_ && is_refused(*current_)) current_.reset();
  }

  // Empty before the first successful get().
  std::string source() const {
    const std::lock_guard lock(mutex_);
    return fetched_ ? source_() : std::string();
  }

 private:
  static constexpr std::chrono::minutes kRenewBefore{5};   // before they expire
  static constexpr std::chrono::minutes kRenewalPause{1};  // between renewals, failed ones included

  void renew(TimePoint now) {
    try {
      accept(fetch_(), now);
    } catch (const Error& problem) {
      if (now >= *current_->expires) throw;
      log::warning("Cannot renew the credentials from {} ({}); those at hand are valid until {}", source_(),
                   problem.what(), amz_timestamp(*current_->expires));
      renew_at_ = std::min<TimePoint>(now + kRenewalPause, *current_->expires);
    }
  }

  void accept(Credential credential, TimePoint now) {
    if (credential.expires && *credential.expires <= now) {
      throw error(ErrorKind::general, "The credentials from {} expired at {}; renew them there (or check the clock)",
                  source_(), amz_timestamp(*credential.expires));
    }
    if (credential.expires) {
      // What lives for a few minutes only must not be renewed for every request.
      renew_at_ = std::max<TimePoint>(*credential.expires - kRenewBefore,
                                      std::min<TimePoint>(now + kRenewalPause, *credential.expires));
    }
    current_ = std::move(credential);
    fetched_ = true;
  }

  const std::function<Credential()> fetch_;
  const std::function<std::string()> source_;
  Clock& clock_;
  mutable std::mutex mutex_;  // held while fetching: the other callers want the same result
  std::optional<Credential> current_;
  TimePoint renew_at_;
  bool fetched_ = false;
};

}  // namespace tapster
