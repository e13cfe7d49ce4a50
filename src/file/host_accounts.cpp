#include "file/host_accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <vector>

namespace tapster {
namespace {

constexpr std::size_t kMostRemembered = 1000;  // a tree of a data directory has a few
constexpr std::size_t kFirstBuffer = 1024, kLargestBuffer = 1 << 20;

// Calls getpwuid_r or one of its like with a buffer that is large enough, and returns `field` of what it finds.
template <typename Entry, typename Key, typename Field>
std::optional<Field> look_up(int (*call)(Key, Entry*, char*, std::size_t, Entry**), Key key,
                             Field (*field)(const Entry&)) {
  std::vector<char> buffer(kFirstBuffer);
  Entry entry{};
  Entry* found = nullptr;
  while (call(key, &entry, buffer.data(), buffer.size(), &found) == ERANGE && buffer.size() < kLargestBuffer) {
    buffer.resize(2 * buffer.size());
  }
  if (found == nullptr) return std::nullopt;
  return field(*found);
}

template <typename Map, typename Find>
typename Map::mapped_type& remembered(Map& map, const typename Map::key_type& key, const Find& find) {
  if (const auto known = map.find(key); known != map.end()) return known->second;
  if (map.size() >= kMostRemembered) map.clear();
  return map.emplace(key, find()).first->second;
}

std::string name_of_user(const passwd& entry) { return entry.pw_name; }
std::string name_of_group(const group& entry) { return entry.gr_name; }
uid_t id_of_user(const passwd& entry) { return entry.pw_uid; }
gid_t id_of_group(const group& entry) { return entry.gr_gid; }

}  // namespace

const std::string& HostAccounts::user_name(uid_t uid) {
  return remembered(user_names_, uid, [&] { return look_up(&::getpwuid_r, uid, &name_of_user).value_or(""); });
}

const std::string& HostAccounts::group_name(gid_t gid) {
  return remembered(group_names_, gid, [&] { return look_up(&::getgrgid_r, gid, &name_of_group).value_or(""); });
}

std::optional<uid_t> HostAccounts::user(const std::string& name) {
  if (name.empty()) return std::nullopt;
  return remembered(users_, name, [&] { return look_up(&::getpwnam_r, name.c_str(), &id_of_user); });
}

std::optional<gid_t> HostAccounts::group(const std::string& name) {
  if (name.empty()) return std::nullopt;
  return remembered(groups_, name, [&] { return look_up(&::getgrnam_r, name.c_str(), &id_of_group); });
}

}  // namespace tapster
