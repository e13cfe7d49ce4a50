// Files that look like WAL.
#pragma once

#include <tapster/byte_sink.h>
#include <tapster/compression.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tapster::test {

using Data = std::vector<std::byte>;

Data bytes_of(const std::string& text);
Data random_bytes(std::size_t size, unsigned seed);  // does not compress
// A segment with a valid long header; the rest depends on `seed`.
Data make_segment(std::uint32_t segment_size, unsigned seed);
Data compressed(Compression compression, const Data& data);
std::string sha256_hex(const Data& data);

void write_data(const std::string& path, const Data& data);
Data read_data(const std::string& path);
bool exists(const std::string& path);

}  // namespace tapster::test
