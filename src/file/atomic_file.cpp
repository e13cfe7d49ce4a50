#include "file/atomic_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace tapster {
namespace {

constexpr std::uint64_t kWriteBackStep = 1U << 20U;
constexpr std::size_t kCopyBuffer = 256U << 10U;

struct Location {
  std::string directory;
  std::string name;
};

Location split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

// For an entry that was not there before: it is removed again if it cannot be made durable.
void sync_new_entry(int directory, const std::string& name, const std::string& path) {
  try {
    sync_directory(directory, path);
  } catch (const FileError&) {
    ::unlinkat(directory, name.c_str(), 0);
    throw;
  }
}

}  // namespace

void publish_replace(int directory, const std::string& temporary, const std::string& name, const std::string& path) {
  if (::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) {
    throw FileError(errno, "cannot create", path);
  }
  sync_directory(directory, path);
}

bool publish_new(int directory, const std::string& temporary, const std::string& name, const std::string& path) {
  bool made = ::renameat2(directory, temporary.c_str(), directory, name.c_str(), RENAME_NOREPLACE) == 0;
  if (!made && (errno == EINVAL || errno == ENOSYS)) {  // NFS, for one, has only links
    made = ::linkat(directory, temporary.c_str(), directory, name.c_str(), 0) == 0;
    if (made) ::unlinkat(directory, temporary.c_str(), 0);
  }
  if (made) {
    sync_new_entry(directory, name, path);
    return true;
  }
  if (errno != EEXIST) throw FileError(errno, "cannot create", path);
  sync_directory(directory, path);
  return false;
}

std::string temporary_name(const std::string& kind) {
  std::uint64_t random = 0;
  if (::getrandom(&random, sizeof random, 0) != sizeof random) throw FileError(errno, "cannot read", "getrandom()");
  return fmt::format(".tapster-{}-{:016x}", kind, random);
}

void start_write_back(int file, std::uint64_t offset, std::uint64_t length) noexcept {
  ::sync_file_range(file, static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
}

AtomicFile::AtomicFile(const std::string& path) : AtomicFile(path, Options()) {}

AtomicFile::AtomicFile(const std::string& path, Options options)
    : own_directory_(open_directory(split(path).directory)),
      directory_(own_directory_.get()),
      name_(split(path).name),
      path_(path),
      options_(options) {
  open();
}

AtomicFile::AtomicFile(int directory, const std::string& name, const std::string& path, Options options)
    : directory_(directory), name_(name), path_(path), options_(options) {
  open();
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlinkat(directory_, temporary_.c_str(), 0);
}

void AtomicFile::open() {
  // File systems and kernels that have no unnamed files fail in many ways, so a named file is tried after any
  // failure. If that fails too, its error is the one to report.
  if (options_.unnamed) file_ = open_at(directory_, ".", O_TMPFILE | O_RDWR, options_.mode);
  if (!file_) open_named();
}

void AtomicFile::open_named() {
  temporary_ = temporary_name("new");
  file_ = open_at(directory_, temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, options_.mode);
  if (!file_) {
    const int error_number = errno;
    temporary_.clear();
    throw FileError(error_number, "cannot create", path_);
  }
}

void AtomicFile::write(Bytes data) {
  write_at(file_.get(), size_, data, path_);
  size_ += data.size();
  if (size_ - written_back_ >= kWriteBackStep) {
    start_write_back(file_.get(), written_back_, size_ - written_back_);
    written_back_ = size_;
  }
}

// Gives the unnamed file a name; false and errno when that is not possible.
bool AtomicFile::link_as(const std::string& name) {
  const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
  return ::linkat(AT_FDCWD, self.c_str(), directory_, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

// Turns the unnamed file into one with a temporary name: by a link, or by a copy where such
// files cannot be linked (no /proc, or a file system that refuses).
void AtomicFile::name_it() {
  const std::string name = temporary_name("new");
  if (link_as(name)) {
    temporary_ = name;
    return;
  }
  FileDescriptor unnamed = std::move(file_);
  open_named();
  std::vector<std::byte> buffer(kCopyBuffer);
  for (std::uint64_t offset = 0; offset < size_;) {
    const std::size_t count = read_at(unnamed.get(), offset, buffer, path_);
    if (count == 0) throw FileError(EIO, "cannot read back", path_);
    write_at(file_.get(), offset, Bytes(buffer).first(count), path_);
    offset += count;
  }
  sync_file(file_.get(), path_);
}

void AtomicFile::commit_replace() {
  if (options_.durable) sync_file(file_.get(), path_);
  if (temporary_.empty() && link_as(name_)) {
    if (options_.durable) sync_new_entry(directory_, name_, path_);
    return;
  }
  if (temporary_.empty()) name_it();
  if (options_.durable) {
    publish_replace(directory_, temporary_, name_, path_);
  } else if (::renameat(directory_, temporary_.c_str(), directory_, name_.c_str()) != 0) {
    throw FileError(errno, "cannot rename a temporary file to", path_);
  }
  temporary_.clear();
}

bool AtomicFile::commit_new() {
  sync_file(file_.get(), path_);
  if (temporary_.empty()) {
    if (link_as(name_)) {
      sync_new_entry(directory_, name_, path_);
      return true;
    }
    if (errno == EEXIST) {
      sync_directory(directory_, path_);
      return false;
    }
    name_it();
  }
  const bool made = publish_new(directory_, temporary_, name_, path_);
  if (made) temporary_.clear();
  return made;
}

}  // namespace tapster
