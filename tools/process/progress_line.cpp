#include "process/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <string_view>

namespace tapster {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 500ms;
constexpr std::string_view kWipe = "\r\x1b[K";

// A terminal that takes nothing is no reason to fail.
void print(std::string_view text) noexcept { static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size())); }

std::string size_text(double bytes) {
  constexpr double kStep = 1000;
  constexpr std::string_view kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= kStep && unit + 1 < std::size(kUnits)) {
    bytes /= kStep;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 ? 0 : 1, kUnits[unit]);
}

}  // namespace

std::string progress_text(std::uint64_t done, std::optional<std::uint64_t> total, double seconds) {
  std::string text = size_text(static_cast<double>(done));
  if (total && *total > 0) {
    // The cluster's size does not count all that is copied.
    const double part = std::min(100.0 * static_cast<double>(done) / static_cast<double>(*total), 99.0);
    text += fmt::format(" of {} ({:.0f}%)", size_text(static_cast<double>(*total)), part);
  }
  if (seconds > 0) text += fmt::format(", {}/s", size_text(static_cast<double>(done) / seconds));
  return text;
}

bool ProgressLine::wanted() noexcept { return ::isatty(STDERR_FILENO) == 1; }

ProgressLine::~ProgressLine() {
  if (visible_) print(kWipe);
}

void ProgressLine::show(std::uint64_t done, std::optional<std::uint64_t> total) noexcept {
  const Time now = std::chrono::steady_clock::now();
  if (visible_ && now - shown_ < kInterval) return;
  shown_ = now;
  visible_ = true;
  try {
    print(fmt::format("{}{}", kWipe, progress_text(done, total, std::chrono::duration<double>(now - began_).count())));
  } catch (const std::exception&) {  // no memory for it: later, or not at all
    return;
  }
}

}  // namespace tapster
