// What wal-archive remembers of the place that it archives to, so that the next segment costs one request.
//
// Before a segment is stored, two things must be certain: that no other form of it is stored (".gz" beside ".zst"), and
// that the store does not replace. A listing shows the first for all later segments of the same folder (4 GiB of WAL):
// behind the last that was listed only this server stores segments, and in one form. The service's name or a test shows
// the second. Both are kept for a day, for one archive, cluster, timeline and compression.
#pragma once

#include "wal/archive/write_protection.h"
#include "wal/private_folder.h"

#include <tapster/clock.h>
#include <tapster/compression.h>
#include <tapster/wal_name.h>

#include <cstdint>
#include <string>

namespace tapster {

// The archiver that a context holds for. Any other archiver reads an empty one.
struct ArchiveSubject {
  std::string archive;  // tells archives apart; only a checksum of it is stored
  std::uint64_t system_identifier = 0;
  std::uint32_t timeline = 0;
  Compression compression = Compression::none;
};

struct ArchiveContext {
  std::string nothing_stored_after;  // no later segment of this one's folder was stored in any form; empty: not known
  std::string listed_at = "0";       // note_time of that listing
  ConditionTest condition_test = ConditionTest::not_made;
  std::string tested_at = "0";  // note_time of that test

  // Whether no form of the segment but this server's own can be stored.
  bool rules_out_other_forms(const WalName& name) const;
};

// What is still recent enough. A default ArchiveContext where there is no note, or one for another subject.
ArchiveContext read_context(const PrivateFolder& folder, const ArchiveSubject& subject, TimePoint now);
void write_context(const PrivateFolder& folder, const ArchiveSubject& subject, const ArchiveContext& context);
void forget_context(const PrivateFolder& folder);

// 16 hex digits, a checksum of ArchiveSubject::archive, for notes: the name may hold secrets.
std::string archive_mark(const std::string& archive);

}  // namespace tapster
