// A directory tree that is being filled from an archive: nothing outside of it is ever touched.
#pragma once

#include "file/file.h"

#include <list>
#include <map>
#include <string>
#include <string_view>

namespace tapster {

// A member's name as a path relative to the root: "." and doubled slashes removed, "" for the root itself. Throws
// Error (general) for absolute names, for those with "..", with a zero byte, or longer than any path.
std::string safe_member_path(std::string_view name);

// "base/5/1259" to "base/5" and "1259".
std::pair<std::string_view, std::string_view> split_path(std::string_view path);

// Opens directories below a root component by component, never through a symbolic link: who plants one in an
// archive gets an error. Keeps some of them open. Not thread-safe.
class TargetTree {
 public:
  TargetTree(FileDescriptor root, std::string path);

  int root() const noexcept { return root_.get(); }
  std::string path_of(std::string_view relative) const;  // for messages

  // The descriptor of a directory, which is made (0700) when it is absent. It is good until the next call. Throws
  // FileError, and Error (general) for what is no directory.
  int make_directory(std::string_view relative);
  int open_directory(std::string_view relative);  // ENOENT is a FileError

 private:
  struct Open {
    std::string path;
    FileDescriptor directory;
  };
  int find_open(std::string_view relative);
  int open(std::string_view relative, bool make);

  FileDescriptor root_;
  std::string path_;
  std::list<Open> open_;  // the last used one first
  std::map<std::string, std::list<Open>::iterator, std::less<>> index_;
};

}  // namespace tapster
