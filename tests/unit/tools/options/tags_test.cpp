#include "options/tags.h"

#include "grammar/command_line.h"
#include "support/catch.h"

namespace tapster {

TEST_CASE("option --tag splits at the first comma and trims blanks") {
  CHECK(parse_tag("key,value") == Tag("key", "value"));
  CHECK(parse_tag("  a key , a value\t") == Tag("a key", "a value"));
  CHECK(parse_tag("k,") == Tag("k", ""));
  CHECK(parse_tag("_.:/=+-@ 09azAZ,_.:/=+-@ 09azAZ") == Tag("_.:/=+-@ 09azAZ", "_.:/=+-@ 09azAZ"));
  CHECK(parse_tag(std::string(128, 'k') + "," + std::string(256, 'v')).second.size() == 256);
  CHECK(parse_tag("aws,x").first == "aws");
}

TEST_CASE("option --tag refuses what AWS would") {
  for (const std::string& text :
       {std::string(), std::string("k"), std::string(",v"), std::string(" ,v"), std::string("k,a,b"),
        std::string("k,\"a,b\""), std::string("aws:k,v"), std::string("AwS:k,v"), std::string("k!,v"),
        std::string("k,v!"), std::string("k\xc3\xa9,v"), std::string(129, 'k') + ",v", "k," + std::string(257, 'v')}) {
    INFO(text);
    CHECK_THROWS_AS(parse_tag(text), BadValue);
  }
  CHECK_THROWS_WITH(parse_tag("it's"), "invalid check_tag value: \"it's\"");
}

TEST_CASE("option --tags is one CSV record of two fields") {
  CHECK(parse_csv_tag("k,v") == Tag("k", "v"));
  CHECK(parse_csv_tag(" k , v ") == Tag(" k ", " v "));
  CHECK(parse_csv_tag("k,\"a,b\"") == Tag("k", "a,b"));
  CHECK(parse_csv_tag("\"k\"\"1\"\"\",x\"y\"") == Tag("k\"1\"", "x\"y\""));
  CHECK(parse_csv_tag("k,\"ab\"c") == Tag("k", "abc"));
  CHECK(parse_csv_tag("k,\"ab") == Tag("k", "ab"));
  CHECK(parse_csv_tag("aws:k,!") == Tag("aws:k", "!"));
  CHECK(parse_csv_tag(",") == Tag("", ""));
}

TEST_CASE("bad --tags are reported without the usage") {
  for (const std::string_view text : {"", "k", "k,a,b", "s3://bucket/path"}) {
    INFO(text);
    try {
      parse_csv_tag(text);
      FAIL("accepted");
    } catch (const UsageError& failure) {
      CHECK(failure.what() == "Invalid tag format: " + std::string(text));
      CHECK(failure.form() == UsageError::Form::bare);
    }
  }
}

}  // namespace tapster
