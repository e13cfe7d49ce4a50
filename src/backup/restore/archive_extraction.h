// From the objects of a backup into files: download, decompression and writing side by side.
#pragma once

#include "backup/restore/member_extractor.h"
#include "backup/restore/restore_plan.h"

#include <tapster/object_store.h>

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace tapster {

struct ExtractionSummary {
  std::uint64_t files = 0, bytes = 0;
};

struct ExtractionOptions {
  int jobs = 8;            // downloads at once
  bool more_jobs = false;  // and up to 16 while they are what is waited for, and bring more
  bool write_back = true;  // a sync will follow
};

// Extracts all archives of the plan but those that its marker has as done: PGDATA and the tablespaces side by side,
// the archives of each in their order (a later one may replace what an earlier one brought). `roots`: the
// open directories of plan.targets. `done` is called with the name of every archive that is complete on disk (not
// synced), by one thread at a time. Throws the first failure, with the name of the object in it.
ExtractionSummary extract_archives(ObjectStore& store, const std::string& folder, const RestorePlan& plan,
                                   const std::vector<FileDescriptor>& roots, const ExtractionOptions& options,
                                   const std::function<void(const std::string&)>& done, std::stop_token stop);

}  // namespace tapster
