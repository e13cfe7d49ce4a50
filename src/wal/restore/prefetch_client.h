// What a request has to do with the background fetcher of its folder: it waits for what is on its way, tells how far
// PostgreSQL has come, and starts a fetcher where there is none.
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

  // Moves the requested segment out of the spool to its destination, after a wait when a fetcher is about to put it
  // there, and returns its size in bytes. nullopt: it has to be fetched.
  std::optional<std::uint64_t> get_from_spool() const;

  // The requested segment came out of the spool, or has begun to come from the archive.
  void on_served_from_spool(std::uint64_t segment_size) const;
  void on_download_begun(std::uint32_t segment_size);

 private:
  bool is_expected() const;
  bool tell_position(std::uint32_t segment_size) const;
  void start_fetcher() const;

  const PrivateFolder& folder_;
  const Spool& spool_;
  const WalRestoreRequest& request_;
  bool told_ = false;
};

}  // namespace tapster
