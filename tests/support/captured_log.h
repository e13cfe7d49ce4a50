// What is written to standard error, which is where the log goes.
#pragma once

#include <tapster/log.h>

#include <string>

namespace tapster::test {

// Collects from its making on, with lines down to `level`; puts everything back at its end.
class CapturedLog {
 public:
  explicit CapturedLog(log::Level level);
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;
  ~CapturedLog();
  std::string text() const;

 private:
  int file_;
  int saved_;
};

}  // namespace tapster::test
