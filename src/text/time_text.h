// Times as wire formats write them. All UTC, independent of locale and zone.
#pragma once

#include <tapster/clock.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

inline constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string amz_timestamp(TimePoint time);  // 20130524T000000Z (SigV4)
std::string http_date(TimePoint time);      // as parse_http_date reads it

// RFC 3339 / ISO 8601 with Z or an offset, fraction optional: STS, metadata services, SSO cache.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

// RFC 9110 IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT": Date, Retry-After.
std::optional<TimePoint> parse_http_date(std::string_view text);

}  // namespace tapster
