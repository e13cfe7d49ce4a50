// Configuration files that are not in the data directory.
#pragma once

#include "postgres/session.h"

#include <string>
#include <vector>

namespace tapster {

struct OutsideFile {
  std::string path;
  std::string name;      // its name in the root of the archive
  bool required = true;  // else it may be missing
};

// The main file and those for hba and ident, as far as they are outside. Links are followed to tell.
std::vector<OutsideFile> configuration_outside(const ServerFacts& facts);
// Those that are included from outside: they are not stored.
std::vector<std::string> included_outside(const ServerFacts& facts);

}  // namespace tapster
