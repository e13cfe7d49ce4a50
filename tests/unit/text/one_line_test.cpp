#include "text/one_line.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("a text of several lines becomes one") {
  CHECK(one_line("") == "");
  CHECK(one_line(" \r\n\t") == "");
  CHECK(one_line("as it is") == "as it is");
  CHECK(one_line("\nERROR:  it is so\r\n\tDETAIL:\x1b[0m all of it\n") == "ERROR: it is so DETAIL: [0m all of it");
  CHECK(one_line(std::string_view("a\0b", 3)) == "a b");
  CHECK(one_line("w\xc3\xa4lder") == "w\xc3\xa4lder");
}

TEST_CASE("a short line is cut at 300 bytes, a line is not") {
  const std::string text(400, 'x');
  CHECK(one_line(text) == text);
  CHECK(short_line(text) == std::string(300, 'x'));
  CHECK(short_line("\n" + text) == std::string(300, 'x'));
  CHECK(short_line("short\n") == "short");
}
