// Names of users and groups on this host, looked up once each.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

namespace tapster {

class OwnerNames {
 public:
  // Empty when there is none. Not thread-safe; valid until the next call.
  const std::string& user(uid_t uid);
  const std::string& group(gid_t gid);

 private:
  std::map<uid_t, std::string> users_;
  std::map<gid_t, std::string> groups_;
};

}  // namespace tapster
