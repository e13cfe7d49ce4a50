#include "backup/copy/owner_names.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace tapster {
namespace {

constexpr std::size_t kMostNames = 1000;  // a tree of a data directory has a few
constexpr std::size_t kMostRoom = 1 << 20;

// getpwuid_r and getgrgid_r, with as much room as they want.
template <typename Entry, typename Id>
std::string look_up(int (*call)(Id, Entry*, char*, std::size_t, Entry**), char* Entry::*name, Id id) {
  Entry entry{};
  Entry* found = nullptr;
  std::vector<char> room(1024);
  while (call(id, &entry, room.data(), room.size(), &found) == ERANGE && room.size() < kMostRoom)
    room.resize(2 * room.size());
  return found == nullptr ? std::string() : std::string(found->*name);
}

template <typename Names, typename Entry, typename Id>
const std::string& remembered(Names& names, int (*call)(Id, Entry*, char*, std::size_t, Entry**), char* Entry::*name,
                              Id id) {
  const auto known = names.find(id);
  if (known != names.end()) return known->second;
  if (names.size() >= kMostNames) names.clear();
  return names.emplace(id, look_up(call, name, id)).first->second;
}

}  // namespace

const std::string& OwnerNames::user(uid_t uid) { return remembered(users_, &::getpwuid_r, &passwd::pw_name, uid); }

const std::string& OwnerNames::group(gid_t gid) { return remembered(groups_, &::getgrgid_r, &::group::gr_name, gid); }

}  // namespace tapster
