#include "process/standard_output.h"

#include <tapster/error.h>

#include <unistd.h>

#include <cerrno>

namespace tapster {

void print(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_error(errno, "cannot write to", "standard output");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace tapster
