#include "backup/take/outside_files.h"

#include <filesystem>

namespace tapster {
namespace {

namespace fs = std::filesystem;

std::string resolved(const std::string& path) {
  std::error_code failure;
  const fs::path found = fs::weakly_canonical(path, failure);
  return failure ? path : found.string();
}

bool is_outside(const std::string& path, const std::string& directory) {
  if (path.empty() || path.starts_with(directory + "/")) return false;
  return !resolved(path).starts_with(resolved(directory) + "/");
}

}  // namespace

std::vector<OutsideFile> configuration_outside(const ServerFacts& facts) {
  std::vector<OutsideFile> files;
  const auto add = [&](const std::string& path, bool required) {
    if (is_outside(path, facts.data_directory)) files.push_back({path, fs::path(path).filename().string(), required});
  };
  add(facts.config_file, true);
  add(facts.hba_file, true);
  add(facts.ident_file, false);
  return files;
}

std::vector<std::string> included_outside(const ServerFacts& facts) {
  std::vector<std::string> files;
  for (const std::string& path : facts.included_files) {
    if (is_outside(path, facts.data_directory)) files.push_back(path);
  }
  return files;
}

}  // namespace tapster
