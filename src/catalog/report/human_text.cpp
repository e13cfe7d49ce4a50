#include "catalog/report/human_text.h"

#include "text/utf8.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace tapster {

std::string human_size(std::int64_t bytes) {
  static constexpr std::array<std::string_view, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits.at(unit));
}

std::string human_duration(double seconds) {
  static constexpr std::pair<std::int64_t, std::string_view> kUnits[] = {
      {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
  constexpr double kLongest = 1e15;  // seconds; larger values are cut to this, which fits into 64 bits
  std::int64_t rest = seconds >= kLongest ? static_cast<std::int64_t>(kLongest)
                      : seconds >= 1      ? static_cast<std::int64_t>(seconds)
                                          : 0;
  if (rest == 0) return "less than one second";
  std::string text;
  for (const auto& [length, name] : kUnits) {
    const std::int64_t count = rest / length;
    rest %= length;
    if (count == 0) continue;
    if (!text.empty()) text.append(", ");
    text.append(fmt::format("{} {}{}", count, name, count == 1 ? "" : "s"));
  }
  return text;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out(text);
  std::size_t characters = 0;
  for (; !text.empty(); ++characters) take_character(text);
  if (characters < width) out.append(width - characters, ' ');
  return out;
}

}  // namespace tapster
