#include "process/interruption.h"

#include <tapster/error.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace tapster {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// As if nobody had caught it: what the caller learns is the death by this signal.
[[noreturn]] void die_of(int signal) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  static_cast<void>(std::signal(signal, SIG_DFL));
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  static_cast<void>(raise(signal));
  _exit(128 + signal);
}

}  // namespace

const char* signal_name(int signal) noexcept {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "a signal";
  }
}

Interruption::Interruption() {
  sigemptyset(&signals_);
  for (const int signal : kSignals) {
    // A blocked signal would be queued although it is ignored.
    if (!is_ignored(signal)) sigaddset(&signals_, signal);
  }
  arrivals_ = signalfd(-1, &signals_, SFD_CLOEXEC);
  if (arrivals_ < 0) throw system_error(errno, "cannot wait for", "signals");
  end_ = eventfd(0, EFD_CLOEXEC);
  if (end_ < 0) {
    const int reason = errno;
    close(arrivals_);
    throw system_error(reason, "cannot wait for", "signals");
  }
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  waiter_ = std::thread([this] { wait(); });
}

Interruption::~Interruption() {
  eventfd_write(end_, 1);
  waiter_.join();
  close(end_);
  close(arrivals_);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interruption::wait() {
  sigset_t seen;
  sigemptyset(&seen);
  for (;;) {
    pollfd events[] = {{.fd = end_, .events = POLLIN, .revents = 0}, {.fd = arrivals_, .events = POLLIN, .revents = 0}};
    if (poll(events, 2, -1) < 0) continue;
    if (events[0].revents != 0) return;
    signalfd_siginfo arrival{};
    if (read(arrivals_, &arrival, sizeof arrival) != static_cast<ssize_t>(sizeof arrival)) continue;
    const int signal = static_cast<int>(arrival.ssi_signo);
    if (sigismember(&seen, signal) == 1) die_of(signal);
    sigaddset(&seen, signal);
    int none = 0;
    if (signal_.compare_exchange_strong(none, signal)) source_.request_stop();
  }
}

}  // namespace tapster
