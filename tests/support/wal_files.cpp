#include "support/wal_files.h"

#include "crypto/digest.h"
#include "text/encoding.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

namespace tapster::test {
namespace {

namespace fs = std::filesystem;

class Collector final : public ByteSink {
 public:
  void write(Bytes bytes) override { data.insert(data.end(), bytes.begin(), bytes.end()); }
  void finish() override {}
  Data data;
};

}  // namespace

Data bytes_of(const std::string& text) {
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

Data random_bytes(std::size_t size, unsigned seed) {
  std::mt19937_64 generator(seed);
  Data data(size + sizeof(std::uint64_t));
  for (std::size_t offset = 0; offset < size; offset += sizeof(std::uint64_t)) {
    const std::uint64_t number = generator();
    std::memcpy(data.data() + offset, &number, sizeof(number));
  }
  data.resize(size);
  return data;
}

Data make_segment(std::uint32_t segment_size, unsigned seed) {
  Data data(segment_size);
  const std::uint16_t magic = 0xD110;  // PostgreSQL 15
  const std::uint16_t info = 0x0002;
  std::memcpy(data.data(), &magic, sizeof(magic));
  std::memcpy(data.data() + 2, &info, sizeof(info));
  std::memcpy(data.data() + 32, &segment_size, sizeof(segment_size));
  const Data records = random_bytes(4096, seed);
  std::copy(records.begin(), records.end(), data.begin() + 100);
  return data;
}

Data compressed(Compression compression, const Data& data) {
  Collector collector;
  const auto compressor = make_compressor(compression, CompressionLevel(CompressionLevel::Named::low), collector);
  compressor->write(data);
  compressor->finish();
  return collector.data;
}

std::string sha256_hex(const Data& data) { return hex_encode(sha256(data)); }

void write_data(const std::string& path, const Data& data) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

Data read_data(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return bytes_of(text);
}

bool exists(const std::string& path) { return fs::exists(fs::symlink_status(path)); }

}  // namespace tapster::test
