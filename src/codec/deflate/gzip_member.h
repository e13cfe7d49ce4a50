// The header and the trailer of a gzip member (RFC 1952), which enclose its deflate stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tapster {

// Without flags and name, with the present time. The byte XFL says "slowest" for level 9 and "fastest" for level 1.
std::vector<std::byte> gzip_header(int gzip_level);
// Appends the CRC-32 and the size, modulo 2^32, of the uncompressed bytes.
void append_gzip_trailer(std::vector<std::byte>& to, std::uint32_t crc, std::uint32_t size);

}  // namespace tapster
