// A value that must not be printed: no formatter, no stream operator, no conversion to a
// string. Logging one does not compile; using one means writing .reveal(), which reviewers
// can search for. Each Secret overwrites its own bytes when it is destroyed or assigned to.
#pragma once

#include <string>
#include <string_view>

namespace tapster {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  bool empty() const noexcept { return value_.empty(); }
  std::string_view reveal() const noexcept { return value_; }

 private:
  void wipe() noexcept;
  std::string value_;
};

}  // namespace tapster
