// Cyclic redundancy checks of wire and file formats.
//
// `crc` is the value of the preceding bytes (0 at the start), so that f(f(0, a), b) == f(0, ab). Values are the final
// ones, as the formats store them. All functions are thread-safe.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>

namespace tapster {

std::uint32_t crc32(std::uint32_t crc, Bytes data);      // ISO-HDLC: gzip, x-amz-checksum-crc32
std::uint32_t crc32c(std::uint32_t crc, Bytes data);     // Castagnoli: snappy framing, x-amz-checksum-crc32c
std::uint64_t crc64nvme(std::uint64_t crc, Bytes data);  // NVM Express: x-amz-checksum-crc64nvme

// Computes f(0, ab) from f(0, a), f(0, b) and the size of b in bytes. Takes a step for each bit of the size.
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);

// The forms that use no special instructions, for processors without them; tests compare both.
namespace crc_by_table {
std::uint32_t crc32c(std::uint32_t crc, Bytes data);
std::uint64_t crc64nvme(std::uint64_t crc, Bytes data);
}  // namespace crc_by_table

}  // namespace tapster
