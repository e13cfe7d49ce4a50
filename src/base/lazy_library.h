// Shared libraries that are loaded at first use.
//
// wal-archive is started for every segment. Loading libcurl and its dependencies takes longer than storing a whole
// segment in a directory. So libcurl and libcrypto are opened by name when something is first sent or hashed. Commands
// that do neither (--version, usage errors, file://, segments that were prefetched) never load them.
#pragma once

#include <string>

namespace tapster {

class LazyLibrary {
 public:
  // Opens the library (for the life of the process). Throws Error (general) that names it when it
  // cannot be loaded.
  explicit LazyLibrary(const char* soname);

  // The address of `name`, as a function of the given type. Throws Error (general).
  template <typename Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(address(name));
  }

 private:
  void* address(const char* name) const;
  std::string soname_;
  void* handle_;
};

// A member of a table of functions, with the name and the type of the real one:
//   struct Api { LazyLibrary library{"libcurl.so.4"}; TAPSTER_LAZY(library, curl_easy_init); };
#define TAPSTER_LAZY(library, name) decltype(::name)* name = (library).function<decltype(::name)>(#name)

}  // namespace tapster
