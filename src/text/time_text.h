// Times in wire formats: always UTC, independent of locale and time zone. Parsers return nullopt for malformed text.
#pragma once

#include <tapster/clock.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

inline constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Removes a number of exactly `digits` digits from the front of `text`. nullopt when it does not begin with one.
std::optional<int> read_digits(std::string_view& text, std::size_t digits);

std::string amz_timestamp(TimePoint time);  // 20130524T000000Z (SigV4)
std::string http_date(TimePoint time);      // as parse_http_date reads it

// RFC 3339 / ISO 8601 with Z or an offset; a fraction of seconds is ignored. Used by STS, metadata services, SSO cache.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

// RFC 9110 IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT": Date, Retry-After.
std::optional<TimePoint> parse_http_date(std::string_view text);

}  // namespace tapster
