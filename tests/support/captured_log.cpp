#include "support/captured_log.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace tapster::test {

CapturedLog::CapturedLog(log::Level level) {
  std::string path = "/tmp/tapster-log-XXXXXX";
  file_ = ::mkstemp(path.data());
  saved_ = ::dup(STDERR_FILENO);
  if (file_ < 0 || saved_ < 0) throw std::runtime_error("cannot capture standard error");
  ::unlink(path.c_str());
  ::dup2(file_, STDERR_FILENO);
  log::set_threshold(level);
}

CapturedLog::~CapturedLog() {
  log::set_threshold(log::Level::warning);
  ::dup2(saved_, STDERR_FILENO);
  ::close(saved_);
  ::close(file_);
}

std::string CapturedLog::text() const {
  std::string result;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::pread(file_, buffer, sizeof(buffer), static_cast<off_t>(result.size()))) > 0) {
    result.append(buffer, static_cast<std::size_t>(count));
  }
  return result;
}

}  // namespace tapster::test
