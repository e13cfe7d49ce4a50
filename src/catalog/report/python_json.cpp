#include "catalog/report/python_json.h"

#include "catalog/info/literal_number.h"
#include "text/utf8.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace tapster {
namespace {

void append_unit(std::string& out, std::uint32_t unit) { fmt::format_to(std::back_inserter(out), "\\u{:04x}", unit); }

void append_character(std::string& out, char32_t character) {
  static constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
  static constexpr std::string_view kNames = "\"\\bfnrt";
  if (character < 0x80) {
    if (const auto name = kEscaped.find(static_cast<char>(character)); name != kEscaped.npos) {
      out += '\\';
      out += kNames[name];
      return;
    }
    if (character >= 0x20 && character < 0x7F) {
      out += static_cast<char>(character);
      return;
    }
  }
  const auto number = static_cast<std::uint32_t>(character);
  if (number < 0x10000) {
    append_unit(out, number);
  } else {
    append_unit(out, 0xD7C0 + (number >> 10));
    append_unit(out, 0xDC00 | (number & 0x3FF));
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) append_character(out, take_character(text));
  out += '"';
}

struct JsonAppender {
  std::string& out;

  void operator()(Literal::None) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(double value) const { out += float_text(value); }
  void operator()(const std::string& value) const { append_string(out, value); }
  void operator()(const Literal::List& list) const { items(list.items); }
  void operator()(const Literal::Tuple& tuple) const { items(tuple.items); }
  void operator()(const Literal::Dict& dict) const {
    out += '{';
    const char* separator = "";
    for (const auto& [name, value] : dict.items) {
      out += separator;
      separator = ", ";
      key(name);
      out += ": ";
      std::visit(*this, value.value());
    }
    out += '}';
  }

 private:
  void items(const Literal::Items& values) const {
    out += '[';
    const char* separator = "";
    for (const Literal& value : values) {
      out += separator;
      separator = ", ";
      std::visit(*this, value.value());
    }
    out += ']';
  }

  void key(const Literal& name) const {
    const auto* text = name.get<std::string>();
    append_string(out, text != nullptr ? *text : json_text(name));
  }
};

}  // namespace

std::string json_text(const Literal& value) {
  std::string out;
  std::visit(JsonAppender{out}, value.value());
  return out;
}

}  // namespace tapster
