#include "text/utf8.h"

#include "support/catch.h"

#include <string>
#include <vector>

using namespace tapster;

namespace {

std::vector<char32_t> characters(std::string_view text) {
  std::vector<char32_t> found;
  while (!text.empty()) found.push_back(take_character(text));
  return found;
}

}  // namespace

TEST_CASE("UTF-8 is decoded and encoded", "[base][utf8]") {
  const std::vector<char32_t> expected = {'a', 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
  std::string text;
  for (const char32_t character : expected) append_utf8(text, character);
  CHECK(text.size() == 1 + 1 + 2 + 2 + 3 + 3 + 4 + 4);
  CHECK(characters(text) == expected);
}

TEST_CASE("bytes that are not UTF-8 become surrogates, one by one", "[base][utf8]") {
  using Characters = std::vector<char32_t>;
  CHECK(characters("\x80") == Characters{0xDC80});
  CHECK(characters("\xff"
                   "a") == Characters{0xDCFF, 'a'});
  CHECK(characters("\xc3") == Characters{0xDCC3});
  CHECK(characters("\xc3"
                   "a") == Characters{0xDCC3, 'a'});
  CHECK(characters("\xc0\x80") == Characters{0xDCC0, 0xDC80});                          // too long for NUL
  CHECK(characters("\xf4\x90\x80\x80") == Characters{0xDCF4, 0xDC90, 0xDC80, 0xDC80});  // beyond Unicode
}

TEST_CASE("well-formed UTF-8 is distinguished from other bytes", "[base][utf8]") {
  for (const char* good : {"", "base/5/1259", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\x98", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(good);
    CHECK(is_utf8(good));
  }
  for (const char* bad : {"caf\xe9", "\xc3", "\xe2\x82", "\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3\x28"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
  }
}
