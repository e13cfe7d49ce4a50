// Walking a tree that others may change meanwhile, in memory that does not grow with its files.
#pragma once

#include "backup/copy/exclusions.h"
#include "file/file.h"

#include <sys/stat.h>

#include <string>
#include <vector>

namespace tapster {

struct WalkEntry {
  int directory;              // open; for openat and its kind
  const char* name;           // within it
  const std::string& folder;  // its path below the root; "" is the root
  unsigned char type;         // DT_REG, DT_LNK, ...: as of now, it may be something else in a moment
};

class WalkVisitor {
 public:
  virtual ~WalkVisitor() = default;
  virtual void directory(const std::string& path, const struct stat& status) = 0;
  virtual void entry(const WalkEntry& entry) = 0;
  virtual void vanished() = 0;  // something that was there a moment ago
};

// Depth first: a directory, its other entries in the order of the file system, then its directories. What the
// exclusions leave out and the data of unlogged relations (all but their init forks) are not visited.
//
// Every directory is opened by its steps from the root without following links, so nothing leads out of the tree, paths
// may have any length, and never more than three descriptors are open. Names of directories are held until they were
// visited; of a directory named by a number, the numbers of its init forks. Throws FileError naming the path.
class DirectoryWalk {
 public:
  DirectoryWalk(const TreeSource& source, WalkVisitor& visitor);  // both borrowed
  void run();

 private:
  struct Level {
    std::string path;
    std::string names;  // of directories still to be visited, each with a NUL behind it
    std::size_t next = 0;
  };
  void visit(const std::string& path);
  void scan(FileDescriptor directory, const std::string& path);
  FileDescriptor open_below(const std::string& path);

  const TreeSource& source_;
  WalkVisitor& visitor_;
  const Exclusions exclusions_;
  FileDescriptor root_;
  std::vector<Level> levels_;
};

std::string join_path(std::string_view folder, std::string_view name);  // "" has no slash

}  // namespace tapster
