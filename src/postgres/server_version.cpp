#include "postgres/server_version.h"

#include <fmt/format.h>

namespace tapster {
namespace {

constexpr int kFirstOfTwoPartVersions = 100000;

}  // namespace

std::string major_version(int version) {
  if (version >= kFirstOfTwoPartVersions) return std::to_string(version / 10000);
  return fmt::format("{}.{}", version / 10000, version / 100 % 100);
}

}  // namespace tapster
