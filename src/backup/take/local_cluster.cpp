#include "backup/take/local_cluster.h"

#include "file/file.h"

#include <tapster/error.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tapster {
namespace {

constexpr std::size_t kStateOffset = 16;  // of an enum
constexpr std::int32_t kInArchiveRecovery = 5;
constexpr std::int32_t kInCrashRecovery = 4;

FileDescriptor open_or_throw(const std::string& path, int flags) {
  FileDescriptor file = open_at(AT_FDCWD, path.c_str(), flags);
  if (!file) throw FileError(errno, "cannot open", path);
  return file;
}

}  // namespace

ControlFile read_control_file(const std::string& data_directory) {
  const std::string path = data_directory + "/global/pg_control";
  const FileDescriptor file = open_or_throw(path, O_RDONLY);
  std::array<std::byte, kStateOffset + sizeof(std::int32_t)> head{};
  if (read_at(file.get(), 0, head, path) != head.size()) throw error(ErrorKind::general, "{} is too short", path);
  ControlFile control;
  std::memcpy(&control.system_identifier, head.data(), sizeof control.system_identifier);
  std::int32_t state = 0;
  std::memcpy(&state, head.data() + kStateOffset, sizeof state);
  control.in_recovery = state == kInArchiveRecovery || state == kInCrashRecovery;
  return control;
}

void check_local_cluster(const ServerFacts& facts) try {
  const std::string& directory = facts.data_directory;
  open_or_throw(directory, O_RDONLY | O_DIRECTORY);
  const ControlFile control = read_control_file(directory);
  const auto elsewhere = [&](const std::string& why) {
    return error(ErrorKind::operation,
                 "{} on this host is not the data directory of the server: {} (the command must run on the server's "
                 "host)",
                 directory, why);
  };
  if (!facts.system_identifier.empty() && std::to_string(control.system_identifier) != facts.system_identifier) {
    throw elsewhere(fmt::format("its system identifier is {}, the server's is {}", control.system_identifier,
                                facts.system_identifier));
  }
  struct stat status {};
  if (stat((directory + "/postmaster.pid").c_str(), &status) != 0 && errno == ENOENT) {
    throw elsewhere("no server is running there");
  }
  if (control.in_recovery != facts.in_recovery) {
    throw elsewhere(control.in_recovery ? "it is a standby's, and the server is a primary"
                                        : "it is a primary's, and the server is a standby");
  }
  for (const Tablespace& tablespace : facts.tablespaces) {
    open_or_throw(tablespace.location, O_RDONLY | O_DIRECTORY);
  }
} catch (const FileError& failure) {
  throw error(ErrorKind::operation, "{} (the command must run on the server's host, as its user)", failure.what());
}

}  // namespace tapster
