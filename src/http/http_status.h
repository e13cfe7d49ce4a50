#pragma once

// HTTP status codes (RFC 9110, section 15; RFC 6585) that the stores' contracts speak of.

namespace tapster::status {

inline constexpr int kNotModified = 304;
inline constexpr int kResumeIncomplete = 308;  // Google's resumable uploads: more is expected
inline constexpr int kBadRequest = 400;
inline constexpr int kUnauthorized = 401;
inline constexpr int kForbidden = 403;
inline constexpr int kNotFound = 404;
inline constexpr int kRequestTimeout = 408;
inline constexpr int kConflict = 409;
inline constexpr int kPreconditionFailed = 412;
inline constexpr int kRangeNotSatisfiable = 416;
inline constexpr int kTooManyRequests = 429;
inline constexpr int kNotImplemented = 501;

}  // namespace tapster::status
