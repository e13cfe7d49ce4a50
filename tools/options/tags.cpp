#include "options/tags.h"

#include "grammar/command_line.h"
#include "grammar/values.h"

#include <fmt/format.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr std::size_t kLongestKey = 128;    // characters
constexpr std::size_t kLongestValue = 256;  // characters

bool is_tag_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.:/=+-@ \t\n\r\f\v").find(c) != std::string_view::npos;
}

bool is_reserved(std::string_view key) {
  const auto same = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); };
  constexpr std::string_view kReserved = "aws:";
  return key.size() >= kReserved.size() &&
         std::equal(kReserved.begin(), kReserved.end(), key.begin(), [&](char b, char a) { return same(a, b); });
}

// Python's csv.reader on one line: quotes count only at the start of a field, "" stands for one
// within them, and whatever follows the closing quote is taken as it is.
std::vector<std::string> split_csv(std::string_view text) {
  std::vector<std::string> fields(1);
  enum { start, plain, quoted, after_quote } state = start;
  for (const char c : text) {
    if (state == quoted) {
      if (c == '"') {
        state = after_quote;
      } else {
        fields.back() += c;
      }
    } else if (c == ',') {
      fields.emplace_back();
      state = start;
    } else if (state == start && c == '"') {
      state = quoted;
    } else if (state == after_quote && c == '"') {
      fields.back() += c;
      state = quoted;
    } else {
      fields.back() += c;
      state = plain;
    }
  }
  return fields;
}

}  // namespace

Tag parse_tag(std::string_view text) {
  const std::size_t comma = text.find(',');
  const std::string_view key = strip(text.substr(0, comma));
  const std::string_view value = comma == std::string_view::npos ? std::string_view() : strip(text.substr(comma + 1));
  if (comma == std::string_view::npos || key.empty() || key.size() > kLongestKey || value.size() > kLongestValue ||
      is_reserved(key) || !std::all_of(key.begin(), key.end(), is_tag_character) ||
      !std::all_of(value.begin(), value.end(), is_tag_character)) {
    throw BadValue("invalid check_tag value: " + python_repr(text));
  }
  return {std::string(key), std::string(value)};
}

Tag parse_csv_tag(std::string_view text) {
  auto fields = split_csv(text);
  if (fields.size() != 2) {
    throw UsageError(fmt::format("Invalid tag format: {}", text), UsageError::Form::bare);
  }
  return {std::move(fields[0]), std::move(fields[1])};
}

}  // namespace tapster
