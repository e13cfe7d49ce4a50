// Objects that are small texts: backup.info, annotations.
#pragma once

#include <tapster/object_store.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace tapster {

// The whole object; nullopt: proven absent. Throws Error (general) when it is larger than `limit` bytes,
// and what the store throws.
std::optional<std::string> read_small_object(ObjectStore& store, const std::string& key, std::size_t limit);

// Calls `work` once for every index below `count`, from up to eight threads at once. After a failure no further
// index is begun, and the first failure is thrown when all threads have ended.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace tapster
