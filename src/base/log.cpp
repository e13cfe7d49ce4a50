#include <tapster/log.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <exception>
#include <string>

namespace tapster::log {
namespace {

std::atomic<Level> threshold{Level::warning};

const char* name_of(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warning:
      return "WARNING";
    case Level::error:
      return "ERROR";
    default:
      return "CRITICAL";
  }
}

}  // namespace

void set_threshold(Level level) noexcept { threshold = level; }

bool enabled(Level level) noexcept { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message) noexcept {
  if (!enabled(level)) return;
  try {
    const auto now = std::chrono::system_clock::now();
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
    std::tm local{};
    localtime_r(&seconds, &local);
    const std::string line = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02},{:03} [{}] {}: {}\n",
                                         local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour,
                                         local.tm_min, local.tm_sec, milliseconds, getpid(), name_of(level), message);
    // One call, so that lines of several threads and processes do not mix.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  } catch (const std::exception&) {  // without memory the message cannot be reported anywhere
  }
}

}  // namespace tapster::log
