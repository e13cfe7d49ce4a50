#include "wal/prefetch/coming_mark.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tapster {
namespace {

constexpr std::string_view kComing = ".coming";
constexpr std::chrono::seconds kTouchInterval{1};

std::string mark_name(const WalName& name) { return name.text() + std::string(kComing); }

}  // namespace

ComingMark::ComingMark(const PrivateFolder& folder, const WalName& name)
    : folder_(folder), name_(mark_name(name)), touched_(std::chrono::steady_clock::now()) {
  file_ = open_at(folder.descriptor(), name_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
  if (!file_) throw FileError(errno, "cannot create", folder.path() + "/" + name_);
}

ComingMark::~ComingMark() { ::unlinkat(folder_.descriptor(), name_.c_str(), 0); }

void ComingMark::moved() {
  const auto now = std::chrono::steady_clock::now();
  if (now - touched_ < kTouchInterval) return;
  touched_ = now;
  ::futimens(file_.get(), nullptr);
}

std::optional<std::string> mark_state(const PrivateFolder& folder, const WalName& name) {
  struct stat info {};
  if (::fstatat(folder.descriptor(), mark_name(name).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  return fmt::format("{} {} {}", info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

bool is_coming_mark(std::string_view file_name) { return file_name.ends_with(kComing); }

}  // namespace tapster
