#include "store/file/file_store.h"
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
    case Provider::google_cloud_storage:
      break;
  }
  throw error(ErrorKind::general, "{} is not supported yet: use s3:// or file://", name_of(location.provider));
}

}  // namespace tapster
