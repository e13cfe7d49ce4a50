// -t / --test of the commands that need an existing archive.
#pragma once

#include <tapster/object_store.h>
#include <tapster/store_location.h>

namespace tapster {

// The exit status: 0 when the bucket (or the directory) exists, 1 with an error line when it does
// not. Throws what the store throws when it cannot tell.
int test_connectivity(ObjectStore& store, const StoreLocation& location);

}  // namespace tapster
