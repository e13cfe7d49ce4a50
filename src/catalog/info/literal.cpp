#include "catalog/info/literal_number.h"
#include "text/utf8.h"

#include <tapster/literal.h>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tapster {
namespace {

// Python escapes these: Unicode's categories C (assigned characters only) and Z (all but the blank).
constexpr struct {
  char32_t first, last;
} kUnprintable[] = {{0x0, 0x1F},        {0x7F, 0xA0},       {0xAD, 0xAD},        {0x600, 0x605},     {0x61C, 0x61C},
                    {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},      {0x8E2, 0x8E2},     {0x1680, 0x1680},
                    {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},    {0x205F, 0x2064},   {0x2066, 0x206F},
                    {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},    {0xFFF9, 0xFFFB},   {0x110BD, 0x110BD},
                    {0x110CD, 0x110CD}, {0x13430, 0x13438}, {0x1BCA0, 0x1BCA3},  {0x1D173, 0x1D17A}, {0xE0001, 0xE0001},
                    {0xE0020, 0xE007F}, {0xF0000, 0xFFFFD}, {0x100000, 0x10FFFD}};

bool printable(char32_t character) noexcept {
  const auto* range = std::lower_bound(std::begin(kUnprintable), std::end(kUnprintable), character,
                                       [](const auto& item, char32_t value) { return item.last < value; });
  return range == std::end(kUnprintable) || character < range->first;
}

void append_escape(std::string& out, char32_t character) {
  const auto number = static_cast<std::uint32_t>(character);
  if (character < 0x100) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", number);
  } else if (character < 0x10000) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", number);
  } else {
    fmt::format_to(std::back_inserter(out), "\\U{:08x}", number);
  }
}

void append_text(std::string& out, std::string_view text) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  while (!text.empty()) {
    const char32_t character = take_character(text);
    switch (character) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (character == '\\' || character == static_cast<unsigned char>(quote)) out += '\\';
        if (printable(character)) {
          append_utf8(out, character);
        } else {
          append_escape(out, character);
        }
    }
  }
  out += quote;
}

void append(std::string& out, const Literal& literal);

void append_items(std::string& out, const Literal::Items& items) {
  const char* separator = "";
  for (const Literal& item : items) {
    out += separator;
    separator = ", ";
    append(out, item);
  }
}

struct Appender {
  std::string& out;

  void operator()(Literal::None) const { out += "None"; }
  void operator()(bool value) const { out += value ? "True" : "False"; }
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(double value) const { out += float_text(value); }
  void operator()(const std::string& value) const { append_text(out, value); }
  void operator()(const Literal::List& list) const {
    out += '[';
    append_items(out, list.items);
    out += ']';
  }
  void operator()(const Literal::Tuple& tuple) const {
    out += '(';
    append_items(out, tuple.items);
    out += tuple.items.size() == 1 ? ",)" : ")";
  }
  void operator()(const Literal::Dict& dict) const {
    out += '{';
    const char* separator = "";
    for (const auto& [key, value] : dict.items) {
      out += separator;
      separator = ", ";
      append(out, key);
      out += ": ";
      append(out, value);
    }
    out += '}';
  }
};

void append(std::string& out, const Literal& literal) { std::visit(Appender{out}, literal.value()); }

}  // namespace

bool Literal::List::operator==(const List& other) const { return items == other.items; }
bool Literal::Tuple::operator==(const Tuple& other) const { return items == other.items; }
bool Literal::Dict::operator==(const Dict& other) const { return items == other.items; }

const Literal* Literal::Dict::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : items) {
    const auto* text = name.get<std::string>();
    if (text != nullptr && *text == key) return &value;
  }
  return nullptr;
}

std::string Literal::text() const {
  std::string out;
  append(out, *this);
  return out;
}

std::string literal_text(std::string_view text) {
  std::string out;
  append_text(out, text);
  return out;
}

std::string literal_text(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ", ";
    append_text(out, text);
  }
  out += ']';
  return out;
}

}  // namespace tapster
