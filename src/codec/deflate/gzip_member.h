// What encloses the deflate stream of a gzip member (RFC 1952).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapster {

// Without flags and name, with the time of now; its extra flags tell of the slowest and the fastest level.
std::vector<std::byte> gzip_header(int gzip_level);
// The CRC-32 and the size, modulo 2^32, of what was compressed.
void append_gzip_trailer(std::vector<std::byte>& to, std::uint32_t crc, std::uint32_t size);

}  // namespace tapster
