#pragma once

#include <string_view>

namespace tapster {

// What most likely helps against a service's error code; for tables of constants.
struct Cure {
  std::string_view code;
  std::string_view text;
};

}  // namespace tapster
