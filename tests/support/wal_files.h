// A place for files, and files that look like WAL.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/compression.h>

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tapster::test {

// A new directory that goes with all its content.
class TempDir {
 public:
  explicit TempDir(const std::string& below = "/tmp");
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::vector<std::string> names() const;  // of everything below, sorted, hidden ones too

 private:
  std::string path_;
};

using Data = std::vector<std::byte>;

Data bytes_of(const std::string& text);
Data random_bytes(std::size_t size, unsigned seed);  // does not compress
// A segment with a valid long header; the rest depends on `seed`.
Data make_segment(std::uint32_t segment_size, unsigned seed);
Data compressed(Compression compression, const Data& data);
std::string sha256_hex(const Data& data);

void write_file(const std::string& path, const Data& data);
Data read_file(const std::string& path);
bool exists(const std::string& path);
mode_t mode_of(const std::string& path);  // permission bits

}  // namespace tapster::test
