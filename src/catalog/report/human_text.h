// Sizes, durations and columns for reports that people read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tapster {

std::string human_size(std::int64_t bytes);  // "77 B", "25.5 MiB"

// "1 day, 2 hours, 3 seconds"; fractions are dropped, below one second "less than one second".
std::string human_duration(double seconds);

// Appends blanks up to `width` characters. A longer text stays as it is.
std::string padded(std::string_view text, std::size_t width);

}  // namespace tapster
