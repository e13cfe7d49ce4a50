#include "store/file/file_store.h"

#include <tapster/open_store.h>

namespace tapster {

std::unique_ptr<ObjectStore> open_store(const StoreLocation& location, const StoreOptions&, const Environment&,
                                        Clock&) {
  if (location.provider == Provider::file) return std::make_unique<FileStore>(location.bucket);
  throw error(ErrorKind::general, "{} is not supported yet", name_of(location.provider));
}

}  // namespace tapster
