// How long to wait before a request is tried again.
#pragma once

#include <tapster/clock.h>
#include <tapster/http_client.h>

#include <optional>

namespace tapster {

// What the server asks for in Retry-After (seconds or an HTTP date, RFC 9110 section 10.2.3), at
// most a minute.
std::optional<Duration> retry_after(const HttpHeaders& headers, TimePoint now);

// Exponential back-off with full jitter: anything between nothing and 0.2 s * 2^(attempt - 1),
// at most 20 s. `attempt` counts from 1. Thread-safe.
Duration backoff(int attempt);

}  // namespace tapster
