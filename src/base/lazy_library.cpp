#include "base/lazy_library.h"

#include <tapster/error.h>

#include <dlfcn.h>

namespace tapster {

LazyLibrary::LazyLibrary(const char* soname) : soname_(soname), handle_(dlopen(soname, RTLD_NOW | RTLD_GLOBAL)) {
  // dlerror is thread-safe in glibc: its state is per thread.
  if (handle_ == nullptr) {
    throw error(ErrorKind::general, "cannot load {}: {}", soname_, dlerror());  // NOLINT(concurrency-mt-unsafe)
  }
}

void* LazyLibrary::address(const char* name) const {
  void* found = dlsym(handle_, name);
  if (found == nullptr) throw error(ErrorKind::general, "{} has no {}: it is too old", soname_, name);
  return found;
}

}  // namespace tapster
