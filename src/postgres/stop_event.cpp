#include "postgres/stop_event.h"

#include <tapster/error.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace tapster {
namespace {

int make_event() {
  const int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (descriptor < 0) throw system_error(errno, "cannot make", "an event descriptor");
  return descriptor;
}

}  // namespace

void StopEvent::Raise::operator()() const noexcept { eventfd_write(descriptor, 1); }

StopEvent::Event::~Event() { close(descriptor); }

StopEvent::StopEvent(const std::stop_token& stop) : event_(make_event()), callback_(stop, Raise{event_.descriptor}) {}

bool wait_for_socket(int socket, short events, int milliseconds, const StopEvent& stop) {
  using std::chrono::steady_clock;
  const auto end = steady_clock::now() + std::chrono::milliseconds(milliseconds);
  for (;;) {
    pollfd waiting[] = {{.fd = stop.descriptor(), .events = POLLIN, .revents = 0},
                        {.fd = socket, .events = events, .revents = 0}};
    int left = -1;
    if (milliseconds >= 0) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - steady_clock::now()).count();
      left = static_cast<int>(rest > 0 ? rest : 0);
    }
    const int ready = poll(waiting, 2, left);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) throw system_error(errno, "cannot wait for", "the connection to PostgreSQL");
    return waiting[0].revents == 0 && waiting[1].revents != 0;
  }
}

}  // namespace tapster
