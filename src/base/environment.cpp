#include <tapster/environment.h>

#include <cstdlib>

namespace tapster {
namespace {

std::optional<std::string> cleaned(std::string value) {
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
  if (value.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> ProcessEnvironment::get(std::string_view name) const {
  // The environment is only read, and only this process could change it: it does not.
  const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr) return std::nullopt;
  return cleaned(value);
}

std::optional<std::string> MapEnvironment::get(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return cleaned(found->second);
}

}  // namespace tapster
