// How large the parts of a multipart upload are. The rule stands here and nowhere else.
//
// All parts of one object but the last have the same size, because some services demand that. Parts are most of the
// memory of an upload, so the size is the smallest that the object's largest possible size allows: that size divided by
// the number of parts that the store, or the caller, allows.
#pragma once

#include <tapster/object_store.h>

#include <cstdint>
#include <optional>

namespace tapster {

// In bytes, for an object that may become `largest` bytes: at least `wanted_minimum` and the store's minimum, in whole
// pages of memory where the store's limits let it. `max_parts` counts when it is less than the store's. Throws Error
// (general) when the store's largest part is too small.
std::uint64_t choose_part_size(const StoreLimits& limits, std::optional<int> max_parts, std::uint64_t largest,
                               std::uint64_t wanted_minimum);

// In bytes, for objects of which nobody knows how large they become: `wanted`, within the store's limits.
std::uint64_t part_size_within(const StoreLimits& limits, std::uint64_t wanted);

}  // namespace tapster
