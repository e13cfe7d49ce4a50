#include "process/interruption.h"

#include "support/catch.h"
#include "support/child.h"

#include <unistd.h>

#include <condition_variable>
#include <functional>
#include <mutex>

using namespace tapster;
using tapster::test::Child;

namespace {

// Requested stops are waited for, never polled.
int signal_after(const Interruption& interruption, const std::function<void()>& send) {
  std::mutex mutex;
  std::condition_variable_any changed;
  send();
  std::unique_lock lock(mutex);
  changed.wait(lock, interruption.token(), [] { return false; });
  return interruption.signal();
}

}  // namespace

TEST_CASE("Interruption: a signal requests the stop and says which it was") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  Child child([&] {
    const Interruption interruption;
    if (interruption.signal() != 0 || interruption.token().stop_requested()) return 1;
    return signal_after(interruption, [&] { ::kill(::getpid(), signal); }) == signal ? 42 : 2;
  });
  CHECK(child.wait() == 42);
}

TEST_CASE("Interruption: a second signal of the same kind ends the process") {
  Child child([] {
    const Interruption interruption;
    signal_after(interruption, [] { ::kill(::getpid(), SIGTERM); });
    ::kill(::getpid(), SIGTERM);
    for (;;) ::pause();
    return 0;
  });
  CHECK(child.wait() == -SIGTERM);
}

TEST_CASE("Interruption: signals that were ignored at the start stay ignored") {
  Child child([] {
    std::signal(SIGHUP, SIG_IGN);
    const Interruption interruption;
    ::kill(::getpid(), SIGHUP);
    return signal_after(interruption, [] { ::kill(::getpid(), SIGINT); }) == SIGINT ? 42 : 1;
  });
  CHECK(child.wait() == 42);
}

TEST_CASE("Interruption: the signals are as before when it is gone") {
  Child child([] {
    std::signal(SIGTERM, SIG_DFL);  // not the test runner's
    { const Interruption interruption; }
    ::kill(::getpid(), SIGTERM);
    return 0;
  });
  CHECK(child.wait() == -SIGTERM);
}

TEST_CASE("Interruption: signals have names") {
  CHECK(std::string(signal_name(SIGTERM)) == "SIGTERM");
  CHECK(std::string(signal_name(SIGINT)) == "SIGINT");
  CHECK(std::string(signal_name(SIGHUP)) == "SIGHUP");
  CHECK(std::string(signal_name(SIGUSR1)) == "a signal");
}
