#include "backup/restore/member_owner.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace tapster {
namespace {

constexpr std::int64_t kUnknown = -1;
constexpr std::size_t kFirstBuffer = 4096, kLargestBuffer = 1 << 20;

// Calls one of the get..nam_r functions with a buffer that is large enough.
template <typename Entry, typename Lookup>
std::int64_t look_up(const Lookup& lookup) {
  for (std::size_t size = kFirstBuffer; size <= kLargestBuffer; size *= 2) {
    std::vector<char> buffer(size);
    Entry entry{};
    Entry* found = nullptr;
    const int result = lookup(&entry, buffer.data(), buffer.size(), &found);
    if (result == ERANGE) continue;
    if (result != 0 || found == nullptr) return kUnknown;
    if constexpr (requires { found->pw_uid; }) {
      return found->pw_uid;
    } else {
      return found->gr_gid;
    }
  }
  return kUnknown;
}

template <typename Lookup>
std::uint32_t id_of(std::map<std::string, std::int64_t>& known, const std::string& name, std::uint64_t number,
                    const Lookup& lookup) {
  if (name.empty()) return static_cast<std::uint32_t>(number);
  auto found = known.find(name);
  if (found == known.end()) found = known.emplace(name, lookup()).first;
  return static_cast<std::uint32_t>(found->second == kUnknown ? static_cast<std::int64_t>(number) : found->second);
}

}  // namespace

uid_t MemberOwners::user(const std::string& name, std::uint64_t number) {
  return id_of(users_, name, number, [&] {
    return look_up<passwd>([&](passwd* entry, char* buffer, std::size_t size, passwd** found) {
      return getpwnam_r(name.c_str(), entry, buffer, size, found);
    });
  });
}

gid_t MemberOwners::group(const std::string& name, std::uint64_t number) {
  return id_of(groups_, name, number, [&] {
    return look_up<::group>([&](::group* entry, char* buffer, std::size_t size, ::group** found) {
      return getgrnam_r(name.c_str(), entry, buffer, size, found);
    });
  });
}

}  // namespace tapster
