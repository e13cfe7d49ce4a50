#include <tapster/secret.h>

#include <cstring>
#include <utility>

namespace tapster {

// The compiler may remove a memset of memory that is freed next, but not explicit_bzero.
void Secret::wipe() noexcept { explicit_bzero(value_.data(), value_.size()); }

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = std::move(other.value_);
  }
  return *this;
}

Secret::~Secret() { wipe(); }

}  // namespace tapster
