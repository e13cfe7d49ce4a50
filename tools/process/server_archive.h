// The archive that a command line names, and the store that holds it.
#pragma once

#include "options/shared_options.h"

#include <tapster/archive_layout.h>
#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/object_store.h>
#include <tapster/store_location.h>

#include <memory>

namespace tapster {

struct ServerArchive {
  // Opens the store, which sends nothing yet. Throws what StoreLocation::parse, ArchiveLayout and open_store throw.
  explicit ServerArchive(const SharedArguments& arguments);
  ServerArchive(const ServerArchive&) = delete;  // the store borrows environment and clock
  ServerArchive& operator=(const ServerArchive&) = delete;

  // -t / --test of the commands that need an existing archive. Returns the exit status: 0 when the bucket (or the
  // directory) exists, 1 with an error line when it does not. Throws what the store throws when it cannot tell.
  int test_connectivity() const;

  StoreLocation location;
  ArchiveLayout layout;
  ProcessEnvironment environment;
  SystemClock clock;
  std::unique_ptr<ObjectStore> store;
};

}  // namespace tapster
