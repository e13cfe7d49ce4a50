// Shared libraries that are loaded at first use.
//
// wal-archive is started for every segment, and libcurl with what hangs on it takes longer to load
// than a directory store needs for the whole segment. So libcurl and libcrypto are opened by name
// when something is really sent or hashed: --version, usage errors, file:// and segments that wait in
// the spool never pay for them.
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
