#include "wire_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace {

constexpr std::size_t kFirstWindow = std::size_t{10} * 1460;
constexpr std::size_t kPiece = 64 * 1024;

}  // namespace

WireClock::time_point Bandwidth::pass(std::size_t bytes) {
  const auto now = WireClock::now();
  if (rate_ <= 0) return now;
  const std::lock_guard lock(mutex_);
  free_at_ = std::max(free_at_, now) + std::chrono::duration_cast<WireClock::duration>(
                                           std::chrono::duration<double>(static_cast<double>(bytes) / rate_));
  return free_at_;
}

Direction::Direction(int source, int target, const Wire& wire, Bandwidth& bandwidth, WireClock::time_point established)
    : source_(source),
      target_(target),
      wire_(wire),
      bandwidth_(bandwidth),
      established_(established),
      allowed_(std::min(kFirstWindow, wire.window)) {}

void Direction::run() {
  std::thread delivery([this] { deliver(); });
  receive();
  delivery.join();
}

// The handshake is over before the client's first bytes are taken: until then they wait in its socket.
void Direction::receive() {
  std::this_thread::sleep_until(established_);
  for (;;) {
    const std::size_t wanted = room();
    std::string bytes(wanted, '\0');
    const auto count = wanted == 0 ? 0 : ::recv(source_, bytes.data(), bytes.size(), 0);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    in_flight_ += bytes.size();
    const auto arrival = bandwidth_.pass(bytes.size()) + wire_.round_trip / 2;
    const std::lock_guard lock(mutex_);
    travelling_.push_back({arrival, std::move(bytes)});
    changed_.notify_all();
    if (count <= 0) return;
  }
}

std::size_t Direction::room() {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = WireClock::now();
    while (!arrived_.empty() && arrived_.front().known <= now) {
      in_flight_ -= arrived_.front().bytes;
      allowed_ = std::min(allowed_ + arrived_.front().bytes, wire_.window);
      arrived_.pop_front();
    }
    if (broken_) return 0;
    if (in_flight_ < allowed_) return std::min(allowed_ - in_flight_, kPiece);
    if (arrived_.empty())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, arrived_.front().known);
  }
}

void Direction::deliver() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !travelling_.empty(); });
    const Piece piece = std::move(travelling_.front());
    travelling_.pop_front();
    lock.unlock();
    std::this_thread::sleep_until(piece.arrival);
    if (piece.bytes.empty()) {
      ::shutdown(target_, SHUT_WR);
      return;
    }
    const bool sent = send(piece.bytes);
    lock.lock();
    arrived_.push_back({WireClock::now() + wire_.round_trip / 2, piece.bytes.size()});
    broken_ = !sent;
    changed_.notify_all();
    if (broken_) {
      ::shutdown(source_, SHUT_RD);
      return;
    }
  }
}

bool Direction::send(const std::string& bytes) const {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto count = ::send(target_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}
