#include "backup/restore/restore_marker.h"

#include "backup/restore/kept_time.h"
#include "backup/restore/member_extractor.h"
#include "file/atomic_file.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tapster {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kLargest = 1 << 20;

std::string read_all(int file, const std::string& path) {
  std::string text;
  std::array<std::byte, 4096> buffer{};
  while (const std::size_t count = read_at(file, text.size(), buffer, path)) {
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
    if (text.size() > kLargest) break;
  }
  return text;
}

// Changes whenever the machine starts; empty where the system does not tell.
std::string boot_id() {
  const char* const path = "/proc/sys/kernel/random/boot_id";
  const FileDescriptor file = open_at(AT_FDCWD, path, O_RDONLY);
  if (!file) return {};
  std::string id = read_all(file.get(), path);
  while (id.ends_with('\n')) id.pop_back();
  return id;
}

}  // namespace

std::optional<RestoreMarker> read_marker(int directory, const std::string& path) {
  const FileDescriptor file = open_at(directory, kRestoreMarkerName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw FileError(errno, "cannot open", path + "/" + kRestoreMarkerName);
  }
  RestoreMarker marker;
  try {
    const Json json = Json::parse(read_all(file.get(), path));
    marker.source = json.at("source").get<std::string>();
    marker.tablespaces = json.at("tablespaces").get<std::map<std::string, std::string>>();
    const auto boot = json.at("boot_id").get<std::string>();
    if (!boot.empty() && boot == boot_id()) marker.done = json.at("done").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    throw error(ErrorKind::operation,
                "{} holds an unfinished restore, and its {} cannot be read: to start over, remove everything in {} and "
                "in the directories of the backup's tablespaces",
                path, kRestoreMarkerName, path);
  }
  return marker;
}

void write_marker(int directory, const std::string& path, const RestoreMarker& marker, bool durable) {
  const Json json{
      {"source", marker.source}, {"tablespaces", marker.tablespaces}, {"done", marker.done}, {"boot_id", boot_id()}};
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  const KeptTime kept(directory);
  AtomicFile file(directory, kRestoreMarkerName, path + "/" + kRestoreMarkerName, {.durable = durable});
  file.write(std::as_bytes(std::span(text)));
  file.commit_replace();
}

void remove_marker(int directory, const std::string& path) {
  if (::unlinkat(directory, kRestoreMarkerName, 0) != 0 && errno != ENOENT)
    throw FileError(errno, "cannot remove", path + "/" + kRestoreMarkerName);
}

}  // namespace tapster
