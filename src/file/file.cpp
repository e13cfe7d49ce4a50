#include "file/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tapster {
namespace {

template <typename Call>
auto retried(Call call) noexcept {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    descriptor_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() noexcept {
  const int descriptor = descriptor_;
  descriptor_ = -1;
  return descriptor;
}

void FileDescriptor::reset() noexcept {
  // Never retried: Linux has released the descriptor even when close reports EINTR.
  if (descriptor_ >= 0) ::close(release());
}

FileDescriptor open_at(int directory, const char* name, int flags, mode_t mode) noexcept {
  return FileDescriptor(retried([&] { return ::openat(directory, name, flags | O_CLOEXEC, mode); }));
}

FileDescriptor open_directory(const std::string& path) {
  FileDescriptor directory = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!directory) throw FileError(errno, "cannot open the directory", path);
  return directory;
}

void write_at(int file, std::uint64_t offset, Bytes data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t count = retried([&] { return ::pwrite(file, data.data(), data.size(), static_cast<off_t>(offset)); });
    if (count < 0) throw FileError(errno, "cannot write", path);
    data = data.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::size_t read_at(int file, std::uint64_t offset, std::span<std::byte> out, const std::string& path) {
  const ssize_t count = retried([&] { return ::pread(file, out.data(), out.size(), static_cast<off_t>(offset)); });
  if (count < 0) throw FileError(errno, "cannot read", path);
  return static_cast<std::size_t>(count);
}

std::uint64_t size_of(int file, const std::string& path) {
  struct stat status {};
  if (::fstat(file, &status) != 0) throw FileError(errno, "cannot stat", path);
  return static_cast<std::uint64_t>(status.st_size);
}

void sync_file(int file, const std::string& path) {
  if (retried([&] { return ::fsync(file); }) != 0) throw FileError(errno, "cannot sync", path);
}

void sync_directory(int directory, const std::string& path) {
  if (retried([&] { return ::fsync(directory); }) == 0) return;
  if (errno != EINVAL && errno != EBADF) throw FileError(errno, "cannot sync the directory", path);
}

FileBody::FileBody(const std::string& path) : path_(path) {
  // Without O_NONBLOCK a FIFO would wait for a writer; regular files do not care.
  file_ = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file_) throw FileError(errno, "cannot open", path);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) throw FileError(errno, "cannot stat", path);
  if (!S_ISREG(status.st_mode)) throw error(ErrorKind::general, "{} is not a regular file", path);
  file_size_ = end_ = static_cast<std::uint64_t>(status.st_size);
  ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

FileBody::FileBody(const std::string& path, std::uint64_t offset, std::uint64_t length) : FileBody(path) {
  if (offset > file_size_ || length > file_size_ - offset) {
    throw error(ErrorKind::general, "{} has only {} bytes: there are no {} bytes at offset {}", path, file_size_,
                length, offset);
  }
  begin_ = position_ = offset;
  end_ = offset + length;
}

std::size_t FileBody::read(std::span<std::byte> out) {
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end_ - position_));
  const std::size_t count = wanted == 0 ? 0 : read_at(file_.get(), position_, out.first(wanted), path_);
  position_ += count;
  // Checked with the last bytes already, because readers may stop after size() bytes.
  if (position_ == end_ || (wanted != 0 && count == 0)) check_file_size();
  return count;
}

void FileBody::check_file_size() const {
  const std::uint64_t now = size_of(file_.get(), path_);
  if (now != file_size_) {
    throw error(ErrorKind::general, "{} changed while it was read: it had {} bytes and now has {}", path_, file_size_,
                now);
  }
}

}  // namespace tapster
