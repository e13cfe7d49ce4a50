#include "store/transfer/part_size.h"

#include <tapster/error.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::uint64_t kPage = 4096;

constexpr std::uint64_t divide_up(std::uint64_t number, std::uint64_t by) { return number / by + (number % by != 0); }

}  // namespace

std::uint64_t choose_part_size(const StoreLimits& limits, std::optional<int> max_parts, std::uint64_t largest,
                               std::uint64_t wanted_minimum) {
  const int parts = std::max(std::min(max_parts.value_or(limits.max_parts), limits.max_parts), 1);
  const std::uint64_t needed = divide_up(largest, static_cast<std::uint64_t>(parts));
  const std::uint64_t size = std::max({needed, limits.min_part_size, wanted_minimum, std::uint64_t{1}});
  if (size > limits.max_part_size) {
    throw error(ErrorKind::general, "{} bytes in {} parts need parts of {} bytes, but the store takes {} at most",
                largest, parts, size, limits.max_part_size);
  }
  return std::min(divide_up(size, kPage) * kPage, limits.max_part_size);
}

std::uint64_t part_size_within(const StoreLimits& limits, std::uint64_t wanted) {
  return std::clamp(wanted, limits.min_part_size, limits.max_part_size);
}

}  // namespace tapster
