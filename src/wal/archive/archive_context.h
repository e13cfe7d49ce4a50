// What is known of the place that a server archives to, so that the next segment costs one request.
//
// Before a segment is stored it must be certain that no other form of it is (".gz" beside ".zst"), and that the store
// does not overwrite. The first is shown for all later segments of its folder (of 4 GiB of WAL) by the listing that
// shows it for one: from then on only this server's own form comes into being there. The second is shown by the
// service's name or by a test. Both are kept here, for one archive, cluster, timeline and compression, for a day.
#pragma once

#include "wal/private_folder.h"

#include <tapster/clock.h>
#include <tapster/compression.h>
#include <tapster/wal_name.h>

#include <cstdint>
#include <string>

namespace tapster {

// For which archiver what is kept holds; for any other it does not exist.
struct ArchiveSubject {
  std::string archive;  // whatever tells archives apart; only a digest of it is stored
  std::uint64_t system_identifier = 0;
  std::uint32_t timeline = 0;
  Compression compression = Compression::none;
};

struct ArchiveContext {
  enum class Condition { untested, kept, ignored };  // what the store made of a put that was to create only

  std::string after;         // no segment of the same folder behind this one was stored in any form; empty: not known
  std::string listed = "0";  // note_time of that
  Condition condition = Condition::untested;
  std::string tested = "0";

  // Whether no other form of the segment can be stored.
  bool covers(const WalName& name) const;
};

// What still holds; nothing is known where nothing can be read.
ArchiveContext read_context(const PrivateFolder& folder, const ArchiveSubject& subject, TimePoint now);
void write_context(const PrivateFolder& folder, const ArchiveSubject& subject, const ArchiveContext& context);
void forget_context(const PrivateFolder& folder);

// 16 digits of a checksum of the archive's name, for notes.
std::string archive_mark(const std::string& archive);

}  // namespace tapster
