// Messages for the operator, on standard error, in the original's line format:
//
//   YYYY-MM-DD hh:mm:ss,mmm [PID] LEVEL: message        (local time)
//
// One global threshold, set once by the command line (WARNING - 10 * (v - q)); lines from
// several threads never mix. Secrets cannot be logged: Secret has no formatter.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace tapster::log {

enum class Level { debug = 10, info = 20, warning = 30, error = 40, critical = 50, none = 60 };

void set_threshold(Level level) noexcept;
bool enabled(Level level) noexcept;

// Writes one line (one write(2)) when the level is enabled. Never throws; a full or closed
// stderr is ignored.
void write(Level level, std::string_view message) noexcept;

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning)) write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tapster::log
