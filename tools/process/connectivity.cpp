#include "process/connectivity.h"

#include <tapster/log.h>

namespace tapster {

int test_connectivity(ObjectStore& store, const StoreLocation& location) {
  if (store.container_exists()) return 0;
  log::error("{} {} does not exist", location.provider == Provider::file ? "Directory" : "Bucket", location.bucket);
  return static_cast<int>(ErrorKind::operation);
}

}  // namespace tapster
