#pragma once

#include <utility>

namespace tapster {

// A store together with what it borrows: Parts makes that, in the order of its members, one of which is the `client`.
template <typename Store, typename Parts>
class OwningStore final : private Parts, public Store {
 public:
  template <typename... Arguments>
  explicit OwningStore(Arguments&&... arguments) : Parts(std::forward<Arguments>(arguments)...), Store(Parts::client) {}
};

}  // namespace tapster
