#include "store/azure/azure_store.h"
#include "store/file/file_store.h"
#include "store/gcs/gcs_store.h"
#include "store/s3/s3_store.h"

#include <tapster/open_store.h>

namespace tapster {

std::unique_ptr<ObjectStore> open_store(const StoreLocation& location, const StoreOptions& options,
                                        const Environment& environment, Clock& clock) {
  switch (location.provider) {
    case Provider::aws_s3:
      return open_s3_store(location, options, environment, clock);
    case Provider::file:
      return std::make_unique<FileStore>(location.bucket);
    case Provider::azure_blob_storage:
      return open_azure_store(location, options, environment, clock);
    case Provider::google_cloud_storage:
      return open_gcs_store(location, options, environment, clock);
  }
  throw Error(ErrorKind::general, "the store has no provider");
}

}  // namespace tapster
