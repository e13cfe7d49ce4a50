// Advice to the user, by a service's error code.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace tapster {

// One row of a constant table.
struct Cure {
  std::string_view code;
  std::string_view text;  // what most likely helps: "check AWS_SECRET_ACCESS_KEY"
};

// The text of the first row with this code; empty when there is none.
inline std::string_view cure_for(std::span<const Cure> cures, std::string_view code) noexcept {
  const auto found = std::find_if(cures.begin(), cures.end(), [&](const Cure& cure) { return cure.code == code; });
  return found == cures.end() ? std::string_view() : found->text;
}

}  // namespace tapster
