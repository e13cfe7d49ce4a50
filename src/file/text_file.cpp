#include "file/text_file.h"

#include <tapster/error.h>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tapster {
namespace {

constexpr std::size_t kMaxSize = 1U << 20U;

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

std::optional<std::string> read_text_file(const std::string& path) {
  // Without waiting: the name may be that of a pipe, which is no regular file.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw system_error(errno, "cannot open", path);
  }
  struct stat status {};
  if (::fstat(file.fd, &status) != 0) throw system_error(errno, "cannot examine", path);
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(file.fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, "cannot read", path);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxSize) throw error(ErrorKind::general, "cannot read {}: it is larger than 1 MiB", path);
  }
}

std::string home_directory(const Environment& environment) {
  if (const auto home = environment.get("HOME")) return *home;
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir;
}

std::string expand_home(const std::string& path, const Environment& environment) {
  if (path != "~" && !path.starts_with("~/")) return path;
  const std::string home = home_directory(environment);
  return home.empty() ? path : home + path.substr(1);
}

}  // namespace tapster
