#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace tapster {

// The member of an object when it is a text, or nothing; nothing also of what is no object.
inline std::string text_of(const nlohmann::json& document, std::string_view member) {
  const auto found = document.find(member);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace tapster
