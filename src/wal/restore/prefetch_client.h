// wal-restore's side of fetching ahead: it waits for a segment that the background fetcher is downloading, tells the
// fetcher how far PostgreSQL has come, and starts a fetcher where none is running.
#pragma once

#include "wal/prefetch/spool.h"
#include "wal/private_folder.h"

#include <tapster/wal_restore.h>

#include <cstdint>
#include <optional>

namespace tapster {

class PrefetchClient {
 public:
  PrefetchClient(const PrivateFolder& folder, const Spool& spool, const WalRestoreRequest& request)  // borrowed
      : folder_(folder), spool_(spool), request_(request) {}

  // Moves the requested segment out of the spool to its destination, and returns its size in bytes. Waits for it while
  // a fetcher is downloading it. nullopt: the caller has to download it.
  std::optional<std::uint64_t> get_from_spool() const;

  // Both tell the position, and start a fetcher when one is due: after the segment came out of the spool, and when the
  // header of a segment has come from the archive.
  void on_served_from_spool(std::uint64_t segment_size) const;
  void on_download_begun(std::uint32_t segment_size);

 private:
  bool is_expected() const;
  bool tell_position(std::uint32_t segment_size) const;
  void start_fetcher() const;

  const PrivateFolder& folder_;
  const Spool& spool_;
  const WalRestoreRequest& request_;
  bool position_told_ = false;
};

}  // namespace tapster
