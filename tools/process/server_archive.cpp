#include "process/server_archive.h"

#include <tapster/error.h>
#include <tapster/log.h>
#include <tapster/open_store.h>

namespace tapster {

ServerArchive::ServerArchive(const SharedArguments& arguments)
    : location(StoreLocation::parse(arguments.url, arguments.provider)),
      layout(location.prefix, arguments.server_name),
      store(open_store(location, arguments.store, environment, clock)) {}

int ServerArchive::test_connectivity() const {
  if (store->container_exists()) return 0;
  log::error("{} {} does not exist", location.provider == Provider::file ? "Directory" : "Bucket", location.bucket);
  return static_cast<int>(ErrorKind::operation);
}

}  // namespace tapster
