// Running a helper program for its output.
#pragma once

#include <tapster/clock.h>

#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// The words of a command line, as a POSIX shell would split it: blanks separate, quotes and
// backslashes protect; nothing is expanded. Throws Error (general) for an open quote.
std::vector<std::string> split_words(std::string_view command);

struct ProcessResult {
  int status = 0;  // exit status, or 128 + signal
  std::string output;
  std::string errors;  // its standard error, when that was asked for
};

enum class ErrorOutput { shared, collected };  // our own standard error, or ProcessResult::errors

// Runs the program (found in PATH) with an empty standard input and our environment, and collects its standard
// output. Throws Error (general) when it cannot be started, writes more than 1 MiB, or takes longer than `timeout`
// (real time); it and its children are killed then.
ProcessResult run_program(const std::vector<std::string>& words, Duration timeout,
                          ErrorOutput errors = ErrorOutput::shared);

}  // namespace tapster
