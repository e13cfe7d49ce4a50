#include "file/atomic_file.h"
#include "wal/download/last_form.h"
#include "wal/download/wal_download.h"
#include "wal/prefetch/spool.h"
#include "wal/restore/prefetch_client.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/wal_restore.h>

#include <optional>
#include <string_view>

namespace tapster {
namespace {

std::string_view basename_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// PostgreSQL names the destination RECOVERYXLOG. pg_rewind names it like the segment and reads segments backwards:
// later ones are of no use to it.
bool may_prefetch(const WalRestoreRequest& request) {
  return request.parallel > 1 && request.start_fetcher && !request.spool_dir.empty() &&
         request.name.kind() == WalName::Kind::segment && basename_of(request.destination) != request.name.text();
}

// The server renames files under these names durably itself, and before it asks for one it removes what a crash may
// have left (KeepFileRestoredFromArchive and RestoreArchivedFile in PostgreSQL). Syncing here as well would make
// recovery wait twice.
bool is_synced_by_server(const std::string& destination) {
  const std::string_view name = basename_of(destination);
  return name == "RECOVERYXLOG" || name == "RECOVERYHISTORY";
}

void check_size(const WalRestoreRequest& request, const DownloadedWalFile& done) {
  if (request.name.kind() != WalName::Kind::segment || !done.segment_size) return;
  if (done.bytes == *done.segment_size) return;
  log::warning("WAL segment {} has {} bytes in the archive, but says that its size is {}", request.name.text(),
               done.bytes, *done.segment_size);
}

WalRestoreOutcome restore_from_archive(ObjectStore& store, const ArchiveLayout& layout,
                                       const WalRestoreRequest& request, LastForm* form, PrefetchClient* client) {
  WalDownloadOrder order{.name = request.name};
  order.fallback = request.no_partial ? PartialFallback::no : PartialFallback::yes;
  order.new_file = [&] {
    return AtomicFile(request.destination, {.durable = !is_synced_by_server(request.destination)});
  };
  if (client != nullptr) order.on_segment_size = [&](std::uint32_t size) { client->on_download_begun(size); };
  const auto done = download_wal_file(store, layout, form, order);
  if (!done) {
    log::info("WAL file {} for server {} does not exist", request.name.text(), layout.server_name());
    return WalRestoreOutcome::not_found;
  }
  check_size(request, *done);
  log::info("restored {} to {}", store.describe(done->key), request.destination);
  return WalRestoreOutcome::restored;
}

WalRestoreOutcome restore_with_prefetching(ObjectStore& store, const ArchiveLayout& layout,
                                           const WalRestoreRequest& request, const PrivateFolder& folder) {
  const Spool spool(folder);
  PrefetchClient client(folder, spool, request);
  if (const auto size = client.get_from_spool()) {
    log::info("restored prefetched {} to {}", request.name.text(), request.destination);
    client.on_served_from_spool(*size);
  } else {
    LastForm form(folder);
    const auto outcome = restore_from_archive(store, layout, request, &form, &client);
    if (outcome == WalRestoreOutcome::not_found) return outcome;
  }
  spool.remove_before(request.name);
  return WalRestoreOutcome::restored;
}

WalRestoreOutcome restore(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request) {
  const bool ahead = may_prefetch(request);
  std::optional<PrivateFolder> folder;
  if (!request.spool_dir.empty() && request.name.kind() == WalName::Kind::segment) {
    folder =
        PrivateFolder::open(request.spool_dir, request.archive_id + '\n' + layout.wals_prefix(), request.destination,
                            ahead ? "not prefetching WAL: cannot use spool folder" : "no memory of the archive in",
                            ahead ? log::Level::info : log::Level::debug);
  }
  if (!folder) return restore_from_archive(store, layout, request, nullptr, nullptr);
  if (ahead) return restore_with_prefetching(store, layout, request, *folder);
  LastForm form(*folder);
  return restore_from_archive(store, layout, request, &form, nullptr);
}

}  // namespace

WalRestoreOutcome restore_wal(ObjectStore& store, const ArchiveLayout& layout, const WalRestoreRequest& request) {
  try {
    return restore(store, layout, request);
  } catch (const Error& failure) {
    // Kind `operation` would become exit status 1, which means "not in the archive" to PostgreSQL and ends its
    // recovery. A missing bucket, for one, does not prove that.
    if (failure.kind() != ErrorKind::operation) throw;
    throw Error(ErrorKind::general, failure.what());
  }
}

}  // namespace tapster
