#include "wal/archive/archive_ahead.h"

#include "wal/archive/local_wal_file.h"

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/log.h>

#include <algorithm>
#include <exception>
#include <stop_token>
#include <system_error>
#include <utility>

namespace tapster {
namespace {

constexpr std::chrono::seconds kLeastGrace{1};
constexpr std::chrono::seconds kMostGrace{10};

}  // namespace

ArchiveAhead::ArchiveAhead(ObjectStore& store, const ArchiveLayout& layout, const ArchivedRecord& record,
                           std::string directory, WalUpload like)
    : store_(store), layout_(layout), record_(record), directory_(std::move(directory)), like_(std::move(like)) {}

ArchiveAhead::~ArchiveAhead() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void ArchiveAhead::start(const std::vector<WalName>& names) {
  started_ = std::chrono::steady_clock::now();
  try {
    for (const WalName& name : names) {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([this, name](const std::stop_token& stop) {
        upload(name, stop);
        const std::lock_guard ending(mutex_);
        --unfinished_;
        ended_.notify_all();
      });
      ++unfinished_;
    }
  } catch (const std::system_error& failure) {
    log::debug("archiving {} segments ahead only: {}", threads_.size(), failure.what());
  }
}

void ArchiveAhead::finish() {
  using Span = std::chrono::steady_clock::duration;
  const auto now = std::chrono::steady_clock::now();
  const auto deadline = now + std::clamp<Span>(now - started_, kLeastGrace, kMostGrace);
  std::unique_lock lock(mutex_);
  ended_.wait_until(lock, deadline, [&] { return unfinished_ == 0; });
  lock.unlock();
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void ArchiveAhead::upload(const WalName& name, const std::stop_token& stop) {
  try {
    LocalWalFile file(directory_ + "/" + name.text(), name, stop);
    if (file.system_identifier() != record_.system_identifier()) {
      log::debug("{} is not a whole segment of the same cluster: left to its own turn", name.text());
      return;
    }
    WalUpload order = like_;
    order.key = layout_.wal_key(name, like_.compression);
    if (upload_wal(store_, file, order) == PutResult::already_exists) {
      log::debug("{} is stored already: left to its own turn", store_.describe(order.key));
      return;
    }
    // Only after the store has confirmed the object: a process that is killed here leaves an object without a note.
    record_.add(name, file.first_seen(), SystemClock().now());
    log::info("stored {} as {}, ahead of its turn", file.path(), store_.describe(order.key));
  } catch (const Interrupted&) {
    log::debug("{} was not stored in time: left to its own turn", name.text());
  } catch (const std::exception& failure) {
    log::info("{} is left to its own turn: {}", name.text(), failure.what());
  }
}

}  // namespace tapster
