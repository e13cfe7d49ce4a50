// A folder in a spool directory, private to the user, for what one run of a command leaves for the next: one folder for
// each archive, directory of the server, and user. Commands work without it, with more requests.
#pragma once

#include "file/file.h"

#include <tapster/log.h>

#include <functional>
#include <optional>
#include <string>

namespace tapster {

class PrivateFolder {
 public:
  // Opens the folder in `root` for `archive` and the directory of `path`, which need not exist, and makes it when it is
  // missing. nullopt when it cannot be made or written to, or other users may read it; a line of the log says so and
  // begins with `without` ("not prefetching WAL: cannot use spool folder"). A root that has to be made in a directory
  // for all users (/var/tmp) becomes one for all users: it holds their folders.
  static std::optional<PrivateFolder> open(const std::string& root, const std::string& archive, const std::string& path,
                                           const char* without, log::Level level = log::Level::info);

  // Opens an existing folder by its path(). nullopt: it is gone, or not private to this user.
  static std::optional<PrivateFolder> at(const std::string& path);

  int descriptor() const { return folder_.get(); }
  const std::string& path() const { return path_; }

  // Calls `each` for every name in the folder, in no order; it may remove that file. Calls nothing when the folder
  // cannot be read.
  void for_each(const std::function<void(const char* name)>& each) const;

 private:
  PrivateFolder(FileDescriptor folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}

  FileDescriptor folder_;
  std::string path_;
};

}  // namespace tapster
