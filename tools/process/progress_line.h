// One line on a terminal that says how far a long command has come.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace tapster {

// "1.2 GB of 3.4 GB (35%), 210 MB/s"
std::string progress_text(std::uint64_t done, std::optional<std::uint64_t> total, double seconds);

// On standard error; wiped at its end, so that what follows begins at the start of the line.
class ProgressLine {
 public:
  static bool wanted() noexcept;  // standard error is a terminal

  ~ProgressLine();
  // Writes twice a second at most.
  void show(std::uint64_t done, std::optional<std::uint64_t> total) noexcept;

 private:
  using Time = std::chrono::steady_clock::time_point;
  Time began_ = std::chrono::steady_clock::now();
  Time shown_{};
  bool visible_ = false;
};

}  // namespace tapster
