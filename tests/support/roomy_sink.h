// A sink into whose room bytes may be put: that of a block of so many, which begins anew when it is full. 0: no room.
#pragma once

#include "support/catch.h"

#include <tapster/byte_sink.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tapster::test {

class RoomySink final : public ByteSink {
 public:
  explicit RoomySink(std::size_t block) : block_(block) {}

  void write(Bytes data) override { take(data); }
  std::span<std::byte> room() override {
    return block_.empty() ? std::span<std::byte>() : std::span(block_).subspan(text.size() % block_.size());
  }
  void filled(std::size_t count) override {
    REQUIRE(count <= room().size());
    in_place += count;
    take(Bytes(room()).first(count));
  }
  void finish() override { ++finished; }

  std::string text;
  std::size_t in_place = 0;  // bytes of it
  int finished = 0;

 private:
  void take(Bytes data) { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }

  std::vector<std::byte> block_;
};

}  // namespace tapster::test
