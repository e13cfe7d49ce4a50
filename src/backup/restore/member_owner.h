// Whom a restored file belongs to.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>

namespace tapster {

// The user and group of a name on this host, else the number. Remembers names. Not thread-safe.
class MemberOwners {
 public:
  uid_t user(const std::string& name, std::uint64_t number);
  gid_t group(const std::string& name, std::uint64_t number);

 private:
  std::map<std::string, std::int64_t> users_, groups_;  // -1: no such name
};

}  // namespace tapster
