#include "catalog/info/literal_number.h"
#include "text/utf8.h"

#include <tapster/literal.h>

#include <algorithm>

namespace tapster {
namespace {

constexpr int kDeepest = 100;

using Parsed = std::optional<Literal>;

int hex_value(char character) noexcept {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  if (character >= 'A' && character <= 'F') return character - 'A' + 10;
  return -1;
}

bool is_letter_or_digit(char character) noexcept {
  return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z') || character == '_';
}

// Recursive descent. A function that succeeds has removed what it parsed from the front of `rest_`. After a failure
// `rest_` means nothing.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Parsed whole() {
    skip_blanks();
    Parsed value = element();
    return value && rest_.empty() ? value : std::nullopt;
  }

 private:
  void skip_blanks() noexcept {
    const std::size_t count = std::min(rest_.find_first_not_of(" \t\r\n\f"), rest_.size());
    rest_.remove_prefix(count);
  }

  bool accept(std::string_view token) noexcept {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  bool accept_punctuation(std::string_view token) noexcept {
    if (!accept(token)) return false;
    skip_blanks();
    return true;
  }

  // Parses a value and skips the blanks behind it.
  Parsed element() {
    if (depth_ >= kDeepest || rest_.empty()) return std::nullopt;
    ++depth_;
    Parsed value = bare_element();
    --depth_;
    skip_blanks();
    return value;
  }

  Parsed bare_element() {
    const char first = rest_.front();
    if (accept_punctuation("[")) return list();
    if (accept_punctuation("(")) return parenthesis();
    if (accept_punctuation("{")) return dict();
    if (first == '+' || first == '-' || first == '.' || (first >= '0' && first <= '9')) return number();
    if (string_follows()) return strings();
    return word();
  }

  Parsed word() {
    const std::string_view name = rest_.substr(
        0, static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_letter_or_digit) - rest_.begin()));
    rest_.remove_prefix(name.size());
    if (name == "None") return Literal();
    if (name == "True") return Literal(true);
    if (name == "False") return Literal(false);
    return std::nullopt;
  }

  Parsed number() {
    const bool negative = rest_.front() == '-';
    if (negative || rest_.front() == '+') rest_.remove_prefix(1);
    const bool hexadecimal = rest_.starts_with("0x") || rest_.starts_with("0X");
    std::size_t end = 0;
    while (end < rest_.size()) {
      const bool exponent_sign = (rest_[end] == '+' || rest_[end] == '-') && end > 0 &&
                                 (rest_[end - 1] == 'e' || rest_[end - 1] == 'E') && !hexadecimal;
      if (!is_letter_or_digit(rest_[end]) && rest_[end] != '.' && !exponent_sign) break;
      ++end;
    }
    const auto value = parse_number(rest_.substr(0, end));
    if (!value) return std::nullopt;
    rest_.remove_prefix(end);
    if (const auto* integer = std::get_if<std::int64_t>(&*value)) return Literal(negative ? -*integer : *integer);
    const double real = std::get<double>(*value);
    return Literal(negative ? -real : real);
  }

  // Parses elements up to `end`. `commas` is increased by the number of commas.
  std::optional<Literal::Items> items(std::string_view end, std::size_t& commas) {
    Literal::Items found;
    while (!accept(end)) {
      if (found.size() > commas) return std::nullopt;
      Parsed value = element();
      if (!value) return std::nullopt;
      found.push_back(std::move(*value));
      if (accept_punctuation(",")) ++commas;
    }
    return found;
  }

  Parsed list() {
    std::size_t commas = 0;
    auto found = items("]", commas);
    if (!found) return std::nullopt;
    return Literal(Literal::List{std::move(*found)});
  }

  Parsed parenthesis() {
    std::size_t commas = 0;
    auto found = items(")", commas);
    if (!found) return std::nullopt;
    if (found->size() == 1 && commas == 0) return std::move(found->front());  // (1) is 1
    return Literal(Literal::Tuple{std::move(*found)});
  }

  Parsed dict() {
    Literal::Dict found;
    bool comma = true;
    while (!accept("}")) {
      if (!comma) return std::nullopt;
      Parsed key = element();
      if (!key || !accept_punctuation(":")) return std::nullopt;
      Parsed value = element();
      if (!value) return std::nullopt;
      const auto known =
          std::find_if(found.items.begin(), found.items.end(), [&](const auto& item) { return item.first == *key; });
      if (known != found.items.end()) {
        known->second = std::move(*value);
      } else {
        found.items.emplace_back(std::move(*key), std::move(*value));
      }
      comma = accept_punctuation(",");
    }
    return Literal(std::move(found));
  }

  bool string_follows() const noexcept {
    const std::size_t prefix = rest_.find_first_not_of("rRuU");
    return prefix <= 1 && (rest_[prefix] == '\'' || rest_[prefix] == '"');
  }

  Parsed strings() {
    std::string text;
    do {
      if (!string(text)) return std::nullopt;
      skip_blanks();
    } while (!rest_.empty() && string_follows());
    return Literal(std::move(text));
  }

  bool string(std::string& text) {
    const bool raw = rest_.front() == 'r' || rest_.front() == 'R';
    if (rest_.front() != '\'' && rest_.front() != '"') rest_.remove_prefix(1);
    const std::string_view single = rest_.substr(0, 1);
    const std::string_view triple = rest_.substr(0, 3);
    const bool tripled = triple == "'''" || triple == "\"\"\"";
    const std::string_view quote = tripled ? triple : single;
    rest_.remove_prefix(quote.size());
    while (!accept(quote)) {
      if (rest_.empty() || (rest_.front() == '\n' && !tripled)) return false;
      if (rest_.front() == '\\') {
        if (!(raw ? raw_escape(text) : escape(text))) return false;
      } else {
        text += rest_.front();
        rest_.remove_prefix(1);
      }
    }
    return true;
  }

  bool raw_escape(std::string& text) {
    if (rest_.size() < 2) return false;
    text += rest_.substr(0, 2);
    rest_.remove_prefix(2);
    return true;
  }

  bool escape(std::string& text) {
    static constexpr std::string_view kNames = "\n\\'\"abfnrtv";
    static constexpr std::string_view kMeanings =
        " \\'\"\a\b\f\n\r\t\v";  // in the order of kNames; an escaped line break means nothing
    if (rest_.size() < 2) return false;
    const char name = rest_[1];
    rest_.remove_prefix(2);
    if (name == 'x') return hex_escape(text, 2);
    if (name == 'u') return hex_escape(text, 4);
    if (name == 'U') return hex_escape(text, 8);
    if (name == 'N') return false;  // \N{NAME} is not supported
    if (name >= '0' && name <= '7') {
      octal_escape(text, name);
    } else if (const std::size_t known = kNames.find(name); known == kNames.npos) {
      text += '\\';  // Python keeps unknown escapes
      text += name;
    } else if (known != 0) {
      text += kMeanings[known];
    }
    return true;
  }

  bool hex_escape(std::string& text, std::size_t digits) {
    if (rest_.size() < digits) return false;
    char32_t character = 0;
    for (const char digit : rest_.substr(0, digits)) {
      const int value = hex_value(digit);
      if (value < 0) return false;
      character = character << 4 | static_cast<char32_t>(value);
    }
    rest_.remove_prefix(digits);
    if (character > 0x10FFFF) return false;
    append_utf8(text, character);
    return true;
  }

  void octal_escape(std::string& text, char first) {
    auto character = static_cast<char32_t>(first - '0');
    for (int i = 0; i < 2 && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '7'; ++i) {
      character = character << 3 | static_cast<char32_t>(rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    append_utf8(text, character);
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

std::optional<Literal> Literal::parse(std::string_view text) { return Parser(text).whole(); }

}  // namespace tapster
