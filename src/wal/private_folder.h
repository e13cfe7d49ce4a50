// A folder of our own beside nobody's data, for what one command leaves for the next one: one for each archive,
// directory of the server and user. It is a convenience: whoever cannot have it does without.
#pragma once

#include "file/file.h"

#include <tapster/log.h>

#include <functional>
#include <optional>
#include <string>

namespace tapster {

class PrivateFolder {
 public:
  // Makes the folder in `root` for `archive` and the directory that `path`, which need not exist, is in. nullopt, and a
  // line for the operator that begins with `without` ("not prefetching WAL: cannot use spool folder"), when it cannot
  // be made or written to, or is open to others. A root that is made in a directory that everybody shares (/var/tmp)
  // is shared likewise: it holds the folders of all users.
  static std::optional<PrivateFolder> open(const std::string& root, const std::string& archive, const std::string& path,
                                           const char* without, log::Level level = log::Level::info);

  // One that exists, by its path(). nullopt: it does not any more, or is not private to us.
  static std::optional<PrivateFolder> at(const std::string& path);

  int descriptor() const { return folder_.get(); }
  const std::string& path() const { return path_; }

  // Every name in it, in no order, while `each` may remove what it is given. What cannot be read is left out.
  void for_each(const std::function<void(const char* name)>& each) const;

 private:
  PrivateFolder(FileDescriptor folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}

  FileDescriptor folder_;
  std::string path_;
};

}  // namespace tapster
