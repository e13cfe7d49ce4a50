#include "grammar/values.h"

#include "grammar/command_line.h"
#include "support/catch.h"

#include <limits>

namespace tapster {

TEST_CASE("sizes have the original's units: XB are powers of 1024, XiB powers of 1000") {
  const std::pair<std::string_view, std::uint64_t> rows[] = {
      {"1000", 1000},       {"10b", 10},          {"10iB", 10},
      {"1kB", 1024},        {"1KB", 1024},        {"1KiB", 1000},
      {"1.5MB", 1572864},   {"5MiB", 5000000},    {"1 MB", 1048576},
      {" 1MB", 1048576},    {"+5MB", 5242880},    {"1e3KB", 1024000},
      {"1_000", 1000},      {"1_0.5KB", 10752},   {".5KB", 512},
      {"5.KB", 5120},       {"1GiB", 1000000000}, {"1TB", 1ULL << 40U},
      {"1EB", 1ULL << 60U}, {"0.9MB", 943718},    {"1YB", std::numeric_limits<std::uint64_t>::max()},
  };
  for (const auto& [text, bytes] : rows) {
    INFO(text);
    CHECK(parse_size(text) == bytes);
  }
}

TEST_CASE("what is no size is refused") {
  for (const std::string_view text : {"0",  "-1", "1K",   "1.5",   "1.5B",  "0x10",    "1KKB",   "0.0001KB", "",
                                      "B",  "iB", "KB",   "infKB", "nanKB", "1e400KB", "1e3",    "-1MB",     "1__0",
                                      "_1", "1_", "1i B", "1K B",  "- 1KB", "+-1KB",   "1..5KB", "five"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("integers are written as in Python") {
  CHECK(parse_integer("7") == 7);
  CHECK(parse_integer(" +1_0\t") == 10);
  CHECK(parse_integer("-007") == -7);
  CHECK(parse_integer("99999999999999999999") == std::numeric_limits<std::int64_t>::max());
  CHECK(parse_integer("-99999999999999999999") == -std::numeric_limits<std::int64_t>::max());
  for (const std::string_view text : {"", " ", "x", "1.5", "0x1", "1__0", "_1", "1_", "+-1", "--1", "1 0", "1e3"}) {
    INFO(text);
    CHECK_FALSE(parse_integer(text));
  }
}

TEST_CASE("numbers out of range are refused in the original's words") {
  std::optional<std::uint32_t> positive;
  const Setter set_positive = positive_setter(positive);
  CHECK_THROWS_WITH(set_positive("0"), "'0' is not a valid positive integer");
  CHECK_THROWS_WITH(set_positive("-1"), "'-1' is not a valid positive integer");
  CHECK_THROWS_WITH(set_positive("a'b"), "'a'b' is not a valid input");
  CHECK_FALSE(positive);
  set_positive("99999999999");
  CHECK(positive == std::numeric_limits<std::uint32_t>::max());

  int non_negative = 5;
  const Setter set_non_negative = non_negative_setter(non_negative);
  CHECK_THROWS_WITH(set_non_negative("-1"), "'-1' is not a valid non negative integer");
  CHECK_THROWS_WITH(set_non_negative("1.0"), "'1.0' is not a valid input");
  set_non_negative("0");
  CHECK(non_negative == 0);

  std::optional<int> number;
  const Setter set_number = integer_setter(number);
  CHECK_THROWS_WITH(set_number("1.5"), "invalid int value: '1.5'");
  set_number("-99999999999");
  CHECK(number == std::numeric_limits<int>::min());

  std::uint64_t size = 3;
  const Setter set_size = size_setter(size);
  CHECK_THROWS_WITH(set_size(" 1k "), "' 1K ' is not a valid size string");
  set_size("4MB");
  CHECK(size == 4U << 20U);
}

TEST_CASE("values are quoted in error texts as Python quotes them") {
  CHECK(python_repr("plain") == "'plain'");
  CHECK(python_repr("it's") == "\"it's\"");
  CHECK(python_repr("both ' and \"") == "'both \\' and \"'");
  CHECK(python_repr("a\\b\n\r\t\x01\x7f") == "'a\\\\b\\n\\r\\t\\x01\\x7f'");
  CHECK(python_repr("\xc3\xa9") == "'\xc3\xa9'");
}

}  // namespace tapster
