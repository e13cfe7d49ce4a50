// One direction of one connection over a long wire; see wire_proxy.cpp for what is simulated.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>

using WireClock = std::chrono::steady_clock;

struct Wire {
  WireClock::duration round_trip{};
  std::size_t window = 4096 * 1024;  // bytes in flight per connection, at most
};

// What all connections share in one direction. Thread-safe.
class Bandwidth {
 public:
  explicit Bandwidth(double bytes_per_second) : rate_(bytes_per_second) {}  // 0: no limit

  // When the last of `bytes`, to be sent now, is on its way.
  WireClock::time_point pass(std::size_t bytes);

 private:
  const double rate_;
  std::mutex mutex_;
  WireClock::time_point free_at_{};
};

// Carries bytes from one socket to another, which the caller closes. Nothing is forwarded as if it had been sent
// before `established`.
class Direction {
 public:
  Direction(int source, int target, const Wire& wire, Bandwidth& bandwidth, WireClock::time_point established);

  // Returns when the source has ended and all has arrived, or when either end is broken; then both are shut down.
  void run();

 private:
  struct Piece {
    WireClock::time_point arrival;
    std::string bytes;  // none: the end
  };
  struct Arrived {
    WireClock::time_point known;  // when the sender learns of it
    std::size_t bytes;
  };

  void receive();
  void deliver();
  std::size_t room();  // waits for room in the window; 0 when the target is broken
  bool send(const std::string& bytes) const;

  const int source_, target_;
  const Wire wire_;
  Bandwidth& bandwidth_;
  const WireClock::time_point established_;

  std::size_t allowed_;  // bytes in flight; only receive() looks at these two
  std::size_t in_flight_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> travelling_;
  std::deque<Arrived> arrived_;
  bool broken_ = false;
};
