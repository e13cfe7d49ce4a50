#include "wal/segment_header.h"

#include "support/catch.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <vector>

using namespace tapster;
using namespace tapster::test;

namespace {

class Counter final : public ByteSink {
 public:
  void write(Bytes data) override { bytes += data.size(); }
  void finish() override {}
  std::uint64_t bytes = 0;
};

}  // namespace

TEST_CASE("a segment's header names its size", "[wal][header]") {
  for (const std::uint32_t size : {1U << 20U, 16U << 20U}) CHECK(segment_size_in(make_segment(size, 1)) == size);
}

TEST_CASE("data without a long page header have no segment size", "[wal][header]") {
  Data segment = make_segment(1U << 20U, 1);
  SECTION("too short") { segment.resize(kLongHeaderSize - 1); }
  SECTION("another magic number") { segment[1] = std::byte{0x10}; }
  SECTION("a short page header") { segment[2] = std::byte{0x05}; }
  SECTION("a size that is no power of two") { segment[33] = std::byte{0x10}; }
  SECTION("a size too small") { segment[34] = std::byte{0x08}; }
  SECTION("a size too large") {
    segment[34] = std::byte{0};
    segment[35] = std::byte{0x80};
  }
  SECTION("zeroes") { segment.assign(segment.size(), std::byte{0}); }
  CHECK_FALSE(segment_size_in(segment));
}

TEST_CASE("the listener gets the size once, as soon as the header is whole", "[wal][header]") {
  const Data segment = make_segment(1U << 20U, 1);
  const std::size_t piece = GENERATE(1, 7, 39, 40, 41, 4096);
  Counter counter;
  std::vector<std::uint64_t> told_after;
  SegmentHeaderSink header(counter, [&](std::uint32_t size) {
    CHECK(size == 1U << 20U);
    told_after.push_back(counter.bytes);
  });
  for (Bytes rest = segment; !rest.empty();) {
    const Bytes part = rest.first(std::min(piece, rest.size()));
    header.write(part);
    rest = rest.subspan(part.size());
  }
  REQUIRE(told_after.size() == 1);
  CHECK(told_after.front() == (kLongHeaderSize - 1) / piece * piece);
  CHECK(header.bytes() == segment.size());
  CHECK(counter.bytes == segment.size());
}
