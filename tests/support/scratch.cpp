#include "support/scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fs = std::filesystem;

namespace tapster::test {

ScratchDirectory::ScratchDirectory() : ScratchDirectory(fs::temp_directory_path()) {}

ScratchDirectory::ScratchDirectory(const fs::path& parent) {
  // Digits alone: among mkdtemp()'s random letters a test that looks for a secret would find it once in a while.
  static std::atomic<unsigned> last = 0;
  do {
    path_ = parent / ("tapster-test-" + std::to_string(::getpid()) + "-" + std::to_string(++last));
  } while (::mkdir(path_.c_str(), S_IRWXU) != 0 && errno == EEXIST);
  if (!fs::is_directory(path_)) throw std::runtime_error("cannot create " + path_.string());
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path);
}

std::vector<std::string> tree(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    names.push_back(fs::relative(entry.path(), directory).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("cannot stat " + path);
  return status.st_mode & 07777U;
}

}  // namespace tapster::test
