// What a base backup leaves out, by name: the intent of the original's patterns, and of pg_basebackup's list.
#pragma once

#include "backup/copy/tree_copy.h"

#include <string>
#include <string_view>
#include <vector>

namespace tapster {

enum class DirectoryTreatment {
  copy,
  keep_empty,  // the directory itself is stored, nothing in it
  leave_out,
};

// Paths are relative to the root of the source, without "./" in front; "" is the root itself.
class Exclusions {
 public:
  // Resolves the locations of tablespaces, to find those inside the root.
  explicit Exclusions(const TreeSource& source);

  DirectoryTreatment directory(std::string_view path) const;
  // Everything but directories. `folder`: the path of the directory it is in.
  bool leaves_out_file(std::string_view folder, std::string_view name) const;

 private:
  bool is_tablespace_;
  std::string version_folders_;        // "PG_15_"
  std::vector<std::string> left_out_;  // tablespaces inside the root, and their links
};

}  // namespace tapster
