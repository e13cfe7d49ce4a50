// Users and groups of this host, by number and by name, each looked up once.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

namespace tapster {

// Not thread-safe. Remembers a bounded number.
class HostAccounts {
 public:
  // Empty when the number has no name. The reference is valid until the next call.
  const std::string& user_name(uid_t uid);
  const std::string& group_name(gid_t gid);

  // nullopt when there is no such name, and for an empty one.
  std::optional<uid_t> user(const std::string& name);
  std::optional<gid_t> group(const std::string& name);

 private:
  std::map<uid_t, std::string> user_names_;
  std::map<gid_t, std::string> group_names_;
  std::map<std::string, std::optional<uid_t>> users_;
  std::map<std::string, std::optional<gid_t>> groups_;
};

}  // namespace tapster
