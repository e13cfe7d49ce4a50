// Reading a file that others may change meanwhile: always exactly the bytes that were announced.
#pragma once

#include "file/page_cache.h"

#include <tapster/byte_sink.h>

#include <cstdint>
#include <string>

namespace tapster {

class FileReader {
 public:
  // The descriptor is borrowed; `path` is for messages, and must outlive the reader.
  FileReader(int file, const std::string& path, std::uint64_t size);
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;
  ~FileReader();

  // Fills `out` up to the announced size, and returns how many bytes that were; 0 at the end. What the file
  // has no longer is zeros; what it has in addition is not read. Throws FileError.
  std::size_t read(std::span<std::byte> out);

  bool shrank() const noexcept { return shrank_; }  // so far

 private:
  const int file_;
  const std::string& path_;
  const std::uint64_t size_;
  std::uint64_t offset_ = 0;
  bool shrank_ = false;
  bool came_from_disk_ = false;  // a small file
  CacheWindows windows_;
};

}  // namespace tapster
