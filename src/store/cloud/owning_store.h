#pragma once

#include <utility>

namespace tapster {

// A store together with what it borrows. Parts holds that, each member after those that it borrows itself; one of them
// is the store's `client`.
template <typename Store, typename Parts>
class OwningStore final : private Parts, public Store {
 public:
  template <typename... Arguments>
  explicit OwningStore(Arguments&&... arguments) : Parts(std::forward<Arguments>(arguments)...), Store(Parts::client) {}
};

}  // namespace tapster
