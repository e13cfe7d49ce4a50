// Small text files such as settings and tokens, and the user's home directory, where many of them are.
#pragma once

#include <tapster/environment.h>

#include <optional>
#include <string>

namespace tapster {

// The whole file; nullopt when there is no such regular file. Throws Error (general) when it cannot be read, or
// is larger than 1 MiB.
std::optional<std::string> read_text_file(const std::string& path);

// The user's home: HOME, else what the user database says; empty when neither says.
std::string home_directory(const Environment& environment);

// A leading "~/" becomes the user's home.
std::string expand_home(const std::string& path, const Environment& environment);

}  // namespace tapster
