#include "store/transfer/part_size.h"

#include "support/catch.h"

#include <tapster/error.h>

using namespace tapster;

namespace {

constexpr std::uint64_t kMiB = 1 << 20, kPart = 5 * kMiB;

}  // namespace

TEST_CASE("the part size is the smallest that will do") {
  const StoreLimits s3{.min_part_size = kPart, .max_part_size = 1024 * kPart, .max_parts = 10'000};
  CHECK(choose_part_size(s3, std::nullopt, 0, 0) == kPart);
  CHECK(choose_part_size(s3, std::nullopt, 10'000 * kPart, 0) == kPart);
  CHECK(choose_part_size(s3, std::nullopt, 10'000 * kPart + 1, 0) == kPart + 4096);
  CHECK(choose_part_size(s3, std::nullopt, 100ULL << 30U, 0) == 10'739'712);  // 10.24 MiB, in pages
  CHECK(choose_part_size(s3, 1000, 100ULL << 30U, 0) == 107'376'640);
  CHECK(choose_part_size(s3, 20'000, 100ULL << 30U, 0) == 10'739'712);  // not more than the store takes
  CHECK(choose_part_size(s3, std::nullopt, 1, 8'000'001) == 8'003'584);
  CHECK(choose_part_size(s3, std::nullopt, 1, 1024 * kPart) == 1024 * kPart);
  CHECK_THROWS_WITH(
      choose_part_size(s3, 10, 1ULL << 40U, 0),
      "1099511627776 bytes in 10 parts need parts of 109951162778 bytes, but the store takes 5368709120 at most");
  CHECK_THROWS_AS(choose_part_size(s3, std::nullopt, 1, 1024 * kPart + 1), Error);
}

TEST_CASE("parts of an object of unknown size are as large as wanted, within the store's limits") {
  const StoreLimits limits{.min_part_size = kPart, .max_part_size = 100 * kMiB, .max_parts = 1000};
  CHECK(part_size_within(limits, 32 * kMiB) == 32 * kMiB);
  CHECK(part_size_within(limits, kMiB) == kPart);
  CHECK(part_size_within(limits, 1024 * kMiB) == 100 * kMiB);
}
