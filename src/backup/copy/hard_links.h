// Files with several names, so that the second one becomes a link to the first.
#pragma once

#include "backup/copy/tree_copy.h"

#include <sys/stat.h>

#include <map>
#include <string>
#include <utility>

namespace tapster {

// Remembers a bounded number: the names of files beyond it are stored as files of their own.
class HardLinks {
 public:
  struct First {
    std::string member;  // its name in the archive
    CopiedFile file;
  };
  // nullptr: not seen before.
  const First* find(const struct stat& status) const {
    if (status.st_nlink < 2) return nullptr;
    const auto found = seen_.find({status.st_dev, status.st_ino});
    return found == seen_.end() ? nullptr : &found->second;
  }
  void remember(const struct stat& status, const std::string& member, const CopiedFile& file) {
    if (status.st_nlink > 1 && seen_.size() < kMost)
      seen_.try_emplace({status.st_dev, status.st_ino}, First{member, file});
  }
  void clear() { seen_.clear(); }

 private:
  static constexpr std::size_t kMost = 4096;
  std::map<std::pair<dev_t, ino_t>, First> seen_;
};

}  // namespace tapster
