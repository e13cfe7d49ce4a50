#include "text/encoding.h"

#include <tapster/http_client.h>

namespace tapster {

const std::string* find_header(const HttpHeaders& headers, std::string_view name) noexcept {
  for (const auto& [header, value] : headers) {
    if (equals_ignoring_case(header, name)) return &value;
  }
  return nullptr;
}

}  // namespace tapster
