#include "support/catch.h"

#include <tapster/literal.h>

#include <string>

using namespace tapster;

namespace {

std::string rewritten(const std::string& text) {
  const auto literal = Literal::parse(text);
  return literal ? literal->text() : "refused";
}

}  // namespace

TEST_CASE("literals are written as Python writes them", "[catalog][literal]") {
  const struct {
    const char* given;
    const char* written;
  } cases[] = {
      {"None", "None"},
      {"True", "True"},
      {" False ", "False"},
      {"0", "0"},
      {"-12", "-12"},
      {"+1_000", "1000"},
      {"0x1F", "31"},
      {"0b101", "5"},
      {"0o17", "15"},
      {"000", "0"},
      {"9223372036854775807", "9223372036854775807"},
      {"1.", "1.0"},
      {".5", "0.5"},
      {".5e-3", "0.0005"},
      {"0.133134", "0.133134"},
      {"0.00005", "5e-05"},
      {"0.0001", "0.0001"},
      {"-1E3", "-1000.0"},
      {"1e15", "1000000000000000.0"},
      {"1e16", "1e+16"},
      {"123456789012345680.0", "1.2345678901234568e+17"},
      {"1.5e300", "1.5e+300"},
      {"0.1", "0.1"},
      {"[]", "[]"},
      {"[1,2,]", "[1, 2]"},
      {"()", "()"},
      {"(1)", "1"},
      {"(1,)", "(1,)"},
      {"(\n1 ,\t'a')", "(1, 'a')"},
      {"{}", "{}"},
      {"{'a':1,2:[(3,)],}", "{'a': 1, 2: [(3,)]}"},
      {"{'a': 1, 'b': 2, 'a': 3}", "{'a': 3, 'b': 2}"},
      {"'it''s'", "'its'"},
      {"'a' \"b\" '''c'''", "'abc'"},
      {"\"it's\"", "\"it's\""},
      {"'say \"hi\"'", "'say \"hi\"'"},
      {"'\\'\"'", "'\\'\"'"},
      {"'a\\\\b'", "'a\\\\b'"},
      {"'\\n\\r\\t\\a\\x00\\x7f'", "'\\n\\r\\t\\x07\\x00\\x7f'"},
      {"'\\101\\60\\0'", "'A0\\x00'"},
      {"'\\q'", "'\\\\q'"},
      {"'a\\\nb'", "'ab'"},
      {"'''two\nlines'''", "'two\\nlines'"},
      {"\"\"\"a\"b\"\"\"", "'a\"b'"},
      {"r'\\n'", "'\\\\n'"},
      {"u'x'", "'x'"},
      {"'\xc3\xa9\\xe9\\u00e9\\U000000e9'", "'\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9'"},
      {"'\\xa0\\xad\\u200b\\u2028\\ufeff\\ud800'", "'\\xa0\\xad\\u200b\\u2028\\ufeff\\ud800'"},
      {"'\\U0001F600'", "'\xf0\x9f\x98\x80'"},
      {"'\\U000f0000'", "'\\U000f0000'"},
      {"'\xff\xc3'", "'\\udcff\\udcc3'"},
      {"[(\"we'ird \xc3\xa9\\n\", 5, '/x \"y\"')]", "[(\"we'ird \xc3\xa9\\n\", 5, '/x \"y\"')]"},
  };
  for (const auto& item : cases) {
    INFO(item.given);
    CHECK(rewritten(item.given) == item.written);
    CHECK(rewritten(item.written) == item.written);
  }
}

TEST_CASE("texts that are no literals are refused", "[catalog][literal]") {
  for (const char* text : {"",
                           " ",
                           "none",
                           "Nones",
                           "nan",
                           "inf",
                           "1 2",
                           "1,",
                           "1__0",
                           "_1",
                           "1_",
                           "007",
                           "0x",
                           "0x-1",
                           "1e",
                           "1e+",
                           "--1",
                           "1+2j",
                           "9223372036854775808",
                           "1e999",
                           "'",
                           "'a",
                           "'a\n'",
                           "'\\x1'",
                           "'\\xg0'",
                           "'\\u12'",
                           "'\\U00110000'",
                           "'\\N{DASH}'",
                           "'\\",
                           "'''a''",
                           "b'a'",
                           "f'a'",
                           "'a' b",
                           "[",
                           "[1",
                           "[,]",
                           "[1 2]",
                           "[1,,2]",
                           "(,)",
                           "(1",
                           "{",
                           "{1}",
                           "{1:}",
                           "{:1}",
                           "{1: 2 3: 4}",
                           "{,}",
                           "[1)",
                           "os.system('x')",
                           "[1] []"}) {
    INFO(text);
    CHECK_FALSE(Literal::parse(text));
  }
}

TEST_CASE("a literal is nested a hundred times at most", "[catalog][literal]") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK(Literal::parse(nested(100)));
  CHECK_FALSE(Literal::parse(nested(101)));
  CHECK_FALSE(Literal::parse(nested(100000)));
}

TEST_CASE("a dictionary finds the values of text keys", "[catalog][literal]") {
  const auto literal = Literal::parse("{1: 'one', 'two': 2.5}");
  REQUIRE(literal);
  const auto* dict = literal->get<Literal::Dict>();
  REQUIRE(dict);
  REQUIRE(dict->find("two"));
  CHECK(*dict->find("two") == Literal(2.5));
  CHECK_FALSE(dict->find("1"));
}

TEST_CASE("literals are made of C++ values", "[catalog][literal]") {
  CHECK(Literal().text() == "None");
  CHECK(Literal(true).text() == "True");
  CHECK(Literal(7).text() == "7");
  CHECK(Literal(std::uint32_t{4294967295}).text() == "4294967295");
  CHECK(Literal("text").text() == "'text'");
  CHECK(Literal(Literal::Dict{{{"a", Literal::List{{1, 0.5, Literal()}}}}}).text() == "{'a': [1, 0.5, None]}");
}

TEST_CASE("lists of texts are written as Python writes them", "[catalog][literal]") {
  CHECK(literal_text(std::vector<std::string>{}) == "[]");
  CHECK(literal_text(std::vector<std::string>{"a/b", "it's"}) == "['a/b', \"it's\"]");
}
