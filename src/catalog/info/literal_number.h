// Numbers in Python's notation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tapster {

// The shortest form that reads back: "0.133134", "1.0", "5e-05", "1e+16". Infinity is "inf".
std::string float_text(double value);

// As Python's int(text): an optional sign, digits, single underscores between them. nullopt: anything else, or a number
// beyond 64 bits.
std::optional<std::int64_t> parse_int(std::string_view text);

// A number without a sign, as Python's source code spells it: 0x1F, 0b1, 0o7, 1_000, 1., .5, 5e-05.
std::optional<std::variant<std::int64_t, double>> parse_number(std::string_view text);

}  // namespace tapster
