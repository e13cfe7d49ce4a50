// Little-endian numbers in the headers of formats.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapster {

// The lowest `Size` bytes of `value`, at `to`.
template <std::size_t Size>
void store_little_endian(std::byte* to, std::uint32_t value) {
  for (std::size_t i = 0; i < Size; ++i) to[i] = static_cast<std::byte>(value >> (8 * i));
}

template <std::size_t Size>
std::uint32_t load_little_endian(const std::byte* from) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < Size; ++i) value |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
  return value;
}

}  // namespace tapster
