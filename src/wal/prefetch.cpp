#include "wal/prefetch.h"

#include "wal/fetch.h"
#include "wal/segment_header.h"
#include "wal/wal_objects.h"

#include <tapster/log.h>

#include <exception>
#include <system_error>

namespace tapster {
namespace {

// False: there is no such whole segment.
bool fetch_into(const Spool& spool, ObjectStore& store, const ArchiveLayout& layout, const WalName& name,
                const std::stop_token& stop) {
  if (spool.has(name)) return true;
  if (stop.stop_requested()) throw FetchStopped{};
  const auto objects = find_wal_objects(store, layout, name, PartialFallback::no);
  if (objects.empty()) return false;
  AtomicFile file = spool.create(name);
  SegmentSniffer sniffer(file);
  if (!fetch_verified(store, objects.front(), sniffer, stop)) return false;
  if (sniffer.segment_size() != sniffer.bytes()) return false;
  file.commit_replace();
  return true;
}

}  // namespace

Prefetch::Prefetch(ObjectStore& store, const ArchiveLayout& layout, const Spool& spool, const WalName& requested,
                   int count)
    : store_(store), layout_(layout), spool_(spool), requested_(requested), stops_(static_cast<std::size_t>(count)) {}

Prefetch::~Prefetch() {
  for (std::stop_source& stop : stops_) stop.request_stop();
}

void Prefetch::start(std::uint32_t segment_size) {
  WalName name = requested_;
  try {
    for (std::size_t index = 0; index < stops_.size(); ++index) {
      name = name.next(segment_size);
      threads_.emplace_back([this, index, name] { run(index, name); });
    }
  } catch (const std::system_error& failure) {
    log::debug("prefetching {} segments only: {}", threads_.size(), failure.what());
  }
}

void Prefetch::wait() { threads_.clear(); }

void Prefetch::run(std::size_t index, const WalName& name) {
  try {
    if (fetch_into(spool_, store_, layout_, name, stops_[index].get_token())) return;
    log::debug("not prefetching {} and what follows: no whole segment is stored", name.text());
  } catch (const FetchStopped&) {
    return;
  } catch (const std::exception& failure) {
    log::debug("not prefetching {} and what follows: {}", name.text(), failure.what());
  }
  for (std::size_t later = index + 1; later < stops_.size(); ++later) stops_[later].request_stop();
}

}  // namespace tapster
