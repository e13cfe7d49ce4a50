// A stop_token as a descriptor that poll(2) can wait for beside a socket.
#pragma once

#include <stop_token>

namespace tapster {

class StopEvent {
 public:
  explicit StopEvent(const std::stop_token& stop);  // throws Error (general) without descriptors

  int descriptor() const noexcept { return event_.descriptor; }  // readable once the stop is requested

 private:
  struct Raise {
    int descriptor;
    void operator()() const noexcept;
  };
  struct Event {
    int descriptor;
    explicit Event(int number) : descriptor(number) {}
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event();
  };
  Event event_;  // outlives the callback, which writes to it
  std::stop_callback<Raise> callback_;
};

// Waits until `socket` has one of `events`, or for `milliseconds` (-1: no limit), or for the stop. False after the
// time or when stopped.
bool wait_for_socket(int socket, short events, int milliseconds, const StopEvent& stop);

}  // namespace tapster
