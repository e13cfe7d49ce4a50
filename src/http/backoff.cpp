#include "http/backoff.h"

#include "text/number.h"
#include "text/time_text.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace tapster {
namespace {

constexpr Duration kBase{200};
constexpr Duration kCap{20'000};
constexpr Duration kLongestRetryAfter{60'000};

}  // namespace

std::optional<Duration> retry_after(const HttpHeaders& headers, TimePoint now) {
  const std::string* text = find_header(headers, "retry-after");
  if (text == nullptr) return std::nullopt;
  Duration wait{0};
  if (const auto seconds = parse_decimal<int>(*text)) {
    wait = std::chrono::seconds(*seconds);
  } else if (const auto date = parse_http_date(*text)) {
    wait = std::chrono::ceil<Duration>(*date - now);
  } else {
    return std::nullopt;
  }
  return std::clamp(wait, Duration{0}, kLongestRetryAfter);
}

Duration backoff(int attempt) {
  thread_local std::minstd_rand generator{std::random_device{}()};
  const auto limit = std::min<std::int64_t>(kCap.count(), kBase.count() << std::min(attempt - 1, 10));
  return Duration{std::uniform_int_distribution<std::int64_t>(0, limit)(generator)};
}

}  // namespace tapster
