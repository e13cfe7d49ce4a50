// Environment variables, behind an interface: nothing below tools/ calls getenv.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

class Environment {
 public:
  virtual ~Environment() = default;
  // The variable's value, or nullopt when it is not set. Trailing newlines are cut (secrets
  // mounted by Kubernetes often end in one); a value that is empty then counts as not set.
  virtual std::optional<std::string> get(std::string_view name) const = 0;
};

class ProcessEnvironment final : public Environment {
 public:
  std::optional<std::string> get(std::string_view name) const override;
};

// For tests and for settings that come from elsewhere.
class MapEnvironment final : public Environment {
 public:
  explicit MapEnvironment(std::map<std::string, std::string, std::less<>> values) : values_(std::move(values)) {}
  std::optional<std::string> get(std::string_view name) const override;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace tapster
