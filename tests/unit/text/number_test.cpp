#include "text/number.h"

#include "support/catch.h"

#include <cstdint>

using namespace tapster;

TEST_CASE("a decimal number is digits alone, to the limits of its type") {
  CHECK(parse_decimal<int>("0") == 0);
  CHECK(parse_decimal<int>("007") == 7);
  CHECK(parse_decimal<int>("-12") == -12);
  CHECK(parse_decimal<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK(parse_decimal<std::int64_t>("-9223372036854775808") == INT64_MIN);
}

TEST_CASE("what is not a decimal number, or does not fit its type, is none") {
  for (const char* text : {"", " 1", "1 ", "1\n", "+1", "1,000", "1.0", "0x10", "1e3", "-", "--1", "ten"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_decimal<int>(text));
  }
  CHECK_FALSE(parse_decimal<unsigned>("-1"));
  CHECK_FALSE(parse_decimal<std::uint64_t>("18446744073709551616"));
  CHECK_FALSE(parse_decimal<int>("2147483648"));
}
