// Directories for tests that touch the file system, and what is in them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tapster::test {

// A new directory that goes with its owner.
class ScratchDirectory {
 public:
  ScratchDirectory();
  explicit ScratchDirectory(const std::filesystem::path& parent);
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& tail) const { return (path_ / tail).string(); }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);
// Everything below the directory, hidden files too: relative paths, sorted.
std::vector<std::string> tree(const std::filesystem::path& directory);
unsigned mode_of(const std::string& path);  // permission bits

}  // namespace tapster::test
