// A directory stream that closes itself.
#pragma once

#include <dirent.h>

#include <memory>

namespace tapster {

struct CloseDirectory {
  void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};

// What fdopendir() gives; it owns the descriptor. For one thread.
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace tapster
