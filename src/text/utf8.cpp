#include "text/utf8.h"

namespace tapster {
namespace {

struct Lead {
  std::size_t length;
  char32_t bits;
  char32_t lowest;  // lower characters have a shorter form, and must use it
};

Lead lead_of(unsigned char byte) noexcept {
  if (byte < 0x80) return {1, byte, 0};
  if ((byte & 0xE0) == 0xC0) return {2, byte & 0x1FU, 0x80};
  if ((byte & 0xF0) == 0xE0) return {3, byte & 0x0FU, 0x800};
  if ((byte & 0xF8) == 0xF0) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

char32_t take_character(std::string_view& text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  const Lead lead = lead_of(first);
  char32_t character = lead.bits;
  bool good = lead.length != 0 && lead.length <= text.size();
  for (std::size_t i = 1; good && i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    good = (byte & 0xC0) == 0x80;
    character = character << 6 | (byte & 0x3FU);
  }
  good = good && character >= lead.lowest && character <= 0x10FFFF;
  text.remove_prefix(good ? lead.length : 1);
  return good ? character : 0xDC00 + char32_t{first};
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const char32_t character = take_character(text);
    if (character >= 0xD800 && character <= 0xDFFF) return false;
  }
  return true;
}

void append_utf8(std::string& text, char32_t character) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (character >> shift & 0x3F)); };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += static_cast<char>(0xC0 | character >> 6);
    tail(0);
  } else if (character < 0x10000) {
    text += static_cast<char>(0xE0 | character >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | character >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace tapster
