// The state of the directories that a restore is to fill.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tapster {

// Absolute, with the symbolic links of what exists resolved.
std::string resolved_path(const std::string& path);

// Whether `inner` lies somewhere below `outer`. Both resolved.
bool is_inside(const std::string& inner, const std::string& outer);

enum class DirectoryState { absent, empty, occupied };
// Throws Error (general) for what is no directory or cannot be read.
DirectoryState directory_state(const std::string& path);

// Error (general) when the directory cannot be written, or could not be made.
void check_writable(const std::string& path);

// Bytes to be written at least, and where.
struct SpaceDemand {
  std::string directory;  // may be absent
  std::uint64_t bytes = 0;
};
// Error (operation) when a file system has less room than that, all demands on it together.
void check_space(const std::vector<SpaceDemand>& demands);

// Makes it with mode 0700 when it is absent, and what lies above it with the default mode.
void make_private_directory(const std::string& path);

}  // namespace tapster
