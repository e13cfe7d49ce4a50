// Members of JSON objects.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace tapster {

// The member of an object, if it is a string; else, and if `document` is no object, an empty text.
inline std::string text_of(const nlohmann::json& document, std::string_view member) {
  const auto found = document.find(member);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace tapster
