#include <tapster/clock.h>

#include <thread>

namespace tapster {

TimePoint SystemClock::now() const { return std::chrono::system_clock::now(); }

void SystemClock::sleep(Duration duration) { std::this_thread::sleep_for(duration); }

}  // namespace tapster
