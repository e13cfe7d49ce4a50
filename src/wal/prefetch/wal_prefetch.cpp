#include "wal/prefetch/coming_mark.h"
#include "wal/prefetch/fetcher_lock.h"
#include "wal/prefetch/prefetcher.h"
#include "wal/private_folder.h"

#include <tapster/log.h>
#include <tapster/wal_prefetch.h>

#include <unistd.h>

#include <exception>
#include <string_view>

namespace tapster {
namespace {

// Removes what a killed fetcher has left. A request that is writing a note at this moment may lose it, and does
// without.
void remove_remains(const PrivateFolder& folder) {
  folder.for_each([&](const char* entry) {
    const std::string_view name = entry;
    if (is_coming_mark(name) || name.starts_with(".tapster-")) ::unlinkat(folder.descriptor(), entry, 0);
  });
}

Prefetcher::End run_guarded(Prefetcher& prefetcher, const PrefetchOrder& order, const std::stop_token& stop) {
  try {
    return prefetcher.run(order.idle_limit, stop);
  } catch (const std::exception& failure) {
    return {FetcherEnd::failed, failure.what()};
  }
}

}  // namespace

void prefetch_wal(ObjectStore& store, const ArchiveLayout& layout, const PrefetchOrder& order,
                  const std::stop_token& stop) noexcept {
  try {
    const auto folder = PrivateFolder::at(order.folder);
    if (!folder) return;
    auto lock = FetcherLock::acquire(*folder);
    if (!lock) return;
    remove_remains(*folder);
    Prefetcher prefetcher(store, layout, *folder);
    while (lock) {
      const auto end = run_guarded(prefetcher, order, stop);
      lock->record_end(end.how, end.why);
      log::debug("not prefetching any more: {}", end.why);
      lock.reset();
      // A request that came before the lock was released has started no other fetcher.
      if (end.how == FetcherEnd::nothing_more && prefetcher.asked_again()) lock = FetcherLock::acquire(*folder);
    }
  } catch (const std::exception& failure) {
    log::debug("not prefetching: {}", failure.what());
  }
}

}  // namespace tapster
