// Cyclic redundancy checks of the wire and file formats.
//
// Each function continues from `crc`, the value of the bytes before (0 at the start), so that
// f(f(0, a), b) == f(0, ab). Values are the finished ones, as the formats store them.
#pragma once

#include <tapster/byte_sink.h>

#include <cstdint>

namespace tapster {

std::uint32_t crc32(std::uint32_t crc, Bytes data);      // ISO-HDLC: gzip, x-amz-checksum-crc32
std::uint32_t crc32c(std::uint32_t crc, Bytes data);     // Castagnoli: snappy framing, x-amz-checksum-crc32c
std::uint64_t crc64nvme(std::uint64_t crc, Bytes data);  // NVM Express: x-amz-checksum-crc64nvme

// f(0, ab) out of f(0, a), f(0, b) and the size of b in bytes, in about as many steps as the size has bits.
std::uint32_t crc32c_combine(std::uint32_t first, std::uint32_t second, std::uint64_t second_size);

// The portable forms of the two that use instructions of the processor where it has them;
// apart so that they can be tested on every processor.
namespace crc_by_table {
std::uint32_t crc32c(std::uint32_t crc, Bytes data);
std::uint64_t crc64nvme(std::uint64_t crc, Bytes data);
}  // namespace crc_by_table

}  // namespace tapster
