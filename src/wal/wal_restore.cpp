#include "io/atomic_file.h"
#include "wal/fetch.h"
#include "wal/prefetch.h"
#include "wal/segment_header.h"
#include "wal/spool.h"
#include "wal/wal_objects.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_restore.h>

#include <optional>
#include <string_view>

namespace tapster {
namespace {

// How often an object may be listed and then be gone.
constexpr int kRestoreAttempts = 4;

std::string_view basename_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// PostgreSQL names the destination RECOVERYXLOG; pg_rewind asks for the segment's own name, goes
// backwards, and must not be given later ones.
bool may_prefetch(const WalRestoreRequest& request) {
  return request.parallel > 1 && !request.spool_dir.empty() && request.name.kind() == WalName::Kind::segment &&
         basename_of(request.destination) != request.name.text();
}

// What the server asks for under these names it renames durably itself, and it begins with removing what
// a crash may have left under them (KeepFileRestoredFromArchive and RestoreArchivedFile in PostgreSQL):
// syncing here as well would only make recovery wait twice.
bool is_synced_by_server(const std::string& destination) {
  const std::string_view name = basename_of(destination);
  return name == "RECOVERYXLOG" || name == "RECOVERYHISTORY";
}

void check_size(const WalRestoreRequest& request, const SegmentSniffer& sniffer) {
  if (request.name.kind() != WalName::Kind::segment || !sniffer.segment_size()) return;
  if (sniffer.bytes() == *sniffer.segment_size()) return;
  log::warning("WAL segment {} has {} bytes in the archive, but says that its size is {}", request.name.text(),
               sniffer.bytes(), *sniffer.segment_size());
}

WalRestoreOutcome fetch_requested(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request,
                                  Prefetch* prefetch) {
  const auto fallback = request.no_partial ? PartialFallback::no : PartialFallback::yes;
  for (int attempt = 0; attempt < kRestoreAttempts; ++attempt) {
    const auto objects = find_wal_objects(store, layout, request.name, fallback);
    if (objects.empty()) {
      log::info("WAL file {} for server {} does not exist", request.name.text(), layout.server_name());
      return WalRestoreOutcome::not_found;
    }
    const WalObject& best = objects.front();
    AtomicFile file(request.destination, {.durable = !is_synced_by_server(request.destination)});
    SegmentSniffer sniffer(file, [&](std::uint32_t segment_size) {
      if (prefetch != nullptr && !best.partial) prefetch->start(segment_size);
    });
    if (!fetch_verified(store, best, sniffer)) continue;  // removed since it was listed
    file.commit_replace();
    check_size(request, sniffer);
    log::info("restored {} to {}", store.describe(best.key), request.destination);
    return WalRestoreOutcome::restored;
  }
  throw error(ErrorKind::general, "{} is listed but cannot be read: is somebody else writing to it or deleting it?",
              store.describe(layout.wal_key(request.name)));
}

WalRestoreOutcome restore_with_spool(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request,
                                     const Spool& spool) {
  if (spool.take(request.name, request.destination)) {
    log::info("restored prefetched {} to {}", request.name.text(), request.destination);
  } else {
    Prefetch prefetch(store, layout, spool, request.name, request.parallel - 1);
    if (fetch_requested(store, layout, request, &prefetch) == WalRestoreOutcome::not_found) {
      return WalRestoreOutcome::not_found;
    }
    prefetch.wait();
  }
  spool.remove_before(request.name);
  return WalRestoreOutcome::restored;
}

WalRestoreOutcome restore(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request) {
  std::optional<Spool> spool;
  if (may_prefetch(request)) {
    spool = Spool::open(request.spool_dir, request.archive_id + '\n' + layout.wals_prefix(), request.destination);
  }
  return spool ? restore_with_spool(store, layout, request, *spool) : fetch_requested(store, layout, request, nullptr);
}

}  // namespace

WalRestoreOutcome restore_wal(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request) {
  try {
    return restore(store, layout, request);
  } catch (const Error& failure) {
    // That status means "not in the archive" to the callers of wal-restore, which ends a
    // recovery: a missing bucket, say, is no such proof.
    if (failure.kind() != ErrorKind::operation) throw;
    throw Error(ErrorKind::general, failure.what());
  }
}

}  // namespace tapster
