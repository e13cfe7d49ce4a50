// Files by descriptor: opened close-on-exec, closed by their owner, interrupted calls retried.
// Nothing is mapped: mapped pages would count as memory of the process.
#pragma once

#include <tapster/body.h>
#include <tapster/error.h>

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace tapster {

// A failed system call on a file: an Error of kind general, "ACTION PATH: strerror(ERRNO)".
class FileError final : public Error {
 public:
  FileError(int error_number, const std::string& action, const std::string& path)
      : Error(system_error(error_number, action, path)), error_number_(error_number) {}
  int error_number() const noexcept { return error_number_; }

 private:
  int error_number_;
};

// Owns one descriptor. Closing ignores errors: whoever needs the data on disk has synced it before.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  explicit operator bool() const noexcept { return descriptor_ >= 0; }
  int get() const noexcept { return descriptor_; }
  int release() noexcept;
  void reset() noexcept;

 private:
  int descriptor_ = -1;
};

// open(2) and openat(2) with O_CLOEXEC: an empty descriptor and errno on failure.
FileDescriptor open_at(int directory, const char* name, int flags, mode_t mode = 0) noexcept;

// A directory, for making and syncing entries in it. Throws FileError.
FileDescriptor open_directory(const std::string& path);

// `path` is only for messages. All throw FileError; write_at takes all of `data`, read_at
// returns 0 only at the end of the file.
void write_at(int file, std::uint64_t offset, Bytes data, const std::string& path);
std::size_t read_at(int file, std::uint64_t offset, std::span<std::byte> out, const std::string& path);
std::uint64_t size_of(int file, const std::string& path);
void sync_file(int file, const std::string& path);
// Makes new, renamed and removed entries durable. File systems that cannot sync a directory
// are taken to need none, as PostgreSQL does.
void sync_directory(int directory, const std::string& path);

// A regular file, or a range of it, as a Body. Its size is fixed when it is opened. Throws
// FileError, and Error (general) for what is not a regular file, for a range that is not
// inside the file, and from read when the file has since become shorter or longer.
class FileBody final : public Body {
 public:
  explicit FileBody(const std::string& path);
  FileBody(const std::string& path, std::uint64_t offset, std::uint64_t length);

  std::uint64_t size() const override { return end_ - begin_; }
  void rewind() override { position_ = begin_; }
  std::size_t read(std::span<std::byte> out) override;

 private:
  void check_file_size() const;

  std::string path_;
  FileDescriptor file_;
  std::uint64_t file_size_ = 0;
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace tapster
