// Values in Python's literal notation. backup.info stores lists, dictionaries and texts of several lines so, and the
// original prints lists of keys so.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tapster {

class Literal {
 public:
  struct None {
    bool operator==(const None&) const = default;
  };
  using Items = std::vector<Literal>;
  struct List {
    Items items;
    bool operator==(const List& other) const;
  };
  struct Tuple {
    Items items;
    bool operator==(const Tuple& other) const;
  };
  struct Dict {  // order kept
    std::vector<std::pair<Literal, Literal>> items;
    bool operator==(const Dict& other) const;
    const Literal* find(std::string_view key) const noexcept;  // of a text key
  };
  using Value = std::variant<None, bool, std::int64_t, double, std::string, List, Tuple, Dict>;

  Literal() = default;
  // Not explicit, so that a value can stand where a literal is needed. NOLINTBEGIN(*-explicit-*)
  Literal(Value value) : value_(std::move(value)) {}
  Literal(std::string text) : value_(std::move(text)) {}
  Literal(std::string_view text) : value_(std::string(text)) {}
  Literal(const char* text) : value_(std::string(text)) {}
  template <std::integral Integer>
  Literal(Integer value) : value_(static_cast<std::int64_t>(value)) {}
  Literal(bool value) : value_(value) {}
  Literal(double value) : value_(value) {}
  Literal(List list) : value_(std::move(list)) {}
  Literal(Tuple tuple) : value_(std::move(tuple)) {}
  Literal(Dict dict) : value_(std::move(dict)) {}
  // NOLINTEND(*-explicit-*)

  const Value& value() const noexcept { return value_; }
  template <typename T>
  const T* get() const noexcept {
    return std::get_if<T>(&value_);
  }
  bool operator==(const Literal&) const = default;

  // Reads any Python literal: strings with all kinds of quotes and all escapes but \N, adjacent strings, numbers,
  // tuples, lists, dictionaries, None, True, False. nullopt: anything else, text behind the literal, nesting deeper
  // than 100, or integers beyond 64 bits.
  static std::optional<Literal> parse(std::string_view text);

  // As Python's repr() writes it: single quotes unless only double ones need no escape, \n, \xNN,
  // printable non-ASCII as it is, floats in the shortest form that reads back ("5e-05", "1.0").
  std::string text() const;

 private:
  Value value_;
};

// repr() of a text, and of a list of texts.
std::string literal_text(std::string_view text);
std::string literal_text(const std::vector<std::string>& texts);

}  // namespace tapster
