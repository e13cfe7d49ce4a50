#include "store/cloud/multipart_boundary.h"

#include <fmt/format.h>

#include <random>

namespace tapster {

std::string random_boundary(std::string_view prefix) {
  std::random_device device;
  return fmt::format("{}{:08x}{:08x}{:08x}{:08x}", prefix, device(), device(), device(), device());
}

}  // namespace tapster
