// Failures. The code that first sees one gives it its kind.
//
// The kind of an Error becomes the exit status of the command that it ends; tools/process/exit_status.h does that.
// Absence is never an Error: functions that look for something return an optional or a bool, and say that it is not
// there only when the store has proven that.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace tapster {

enum class ErrorKind {
  operation = 1,            // the store answered, and the operation cannot succeed
  network = 2,              // no (whole) answer, or a transient refusal that outlived the retries
  usage = 3,                // the command line is wrong
  general = 4,              // everything else: credentials, permissions, local files, bad data
  unrecoverable_hook = 63,  // tells Barman's retry hook to give up
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

// throw error(ErrorKind::general, "cannot open {}: {}", path, reason);
template <typename... Args>
Error error(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return Error(kind, fmt::format(format, std::forward<Args>(args)...));
}

// A call that ended early because its stop_token asked for it. Whether its work was done is unknown.
class Interrupted final : public Error {
 public:
  Interrupted() : Error(ErrorKind::general, "interrupted") {}
};

// An Error of kind general for a failed system call: "ACTION PATH: strerror(ERRNO)".
// `error_number` is taken as an argument because building the message may change errno.
Error system_error(int error_number, const std::string& action, const std::string& path);

}  // namespace tapster
