// A directory and what lies below it, reached component by component without ever following
// a symbolic link, so that no planted link leads out. Only the root itself may be one.
#pragma once

#include "file/file.h"

#include <tapster/object_store.h>

#include <sys/stat.h>

#include <string>
#include <string_view>

namespace tapster {

// Names that begin with this are temporary files: never keys, never listed.
inline constexpr std::string_view kTemporaryPrefix = ".tapster-";

struct KeyPath {
  std::string folder;  // "" for the root, else "a/b"
  std::string name;
};

// True for what can be a path below the root: no empty component, ".", "..", NUL byte or
// component that begins with kTemporaryPrefix.
bool is_path_key(std::string_view key) noexcept;
KeyPath split_key(const std::string& key);  // of a key that is one

// May be used from several threads. All but prune throw FileError (ELOOP for a symbolic
// link), and StoreError when the root does not exist.
class FileTree {
 public:
  explicit FileTree(std::string root) : root_(std::move(root)) {}

  const std::string& root() const noexcept { return root_; }
  std::string path_of(std::string_view key) const;  // for messages

  // The root; the only thing that is opened through symbolic links.
  FileDescriptor open_root() const;
  // Empty when it is proven absent (or something on the way is a file).
  FileDescriptor open_folder(const std::string& folder) const;
  // Creates what is missing, durably, with mode 0700. ENOENT: it was removed meanwhile.
  FileDescriptor make_folder(const std::string& folder) const;
  // Removes the folder and its parents below the root as long as they are empty.
  void prune(const std::string& folder) const noexcept;

 private:
  FileDescriptor step(int parent, const std::string& name, std::string_view path) const;

  std::string root_;
};

// The failure as the store tells it; its code is the error's name, "ENOSPC".
StoreError store_error(const FileError& failure, const char* operation, const std::string& root,
                       const std::string& key);

// The status of a regular file; false when nothing, or a directory, has the name. Throws
// FileError for anything else: a symbolic link, a socket.
bool find_file(int directory, const std::string& name, const std::string& path, struct stat& status);

// When the file was last changed.
TimePoint modified(const struct stat& status) noexcept;

// When a name was found to be taken: throws FileError unless it is a file that has it.
void require_file(int directory, const std::string& name, const std::string& path);

}  // namespace tapster
