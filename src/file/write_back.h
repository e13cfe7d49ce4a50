// Asking the system early to write files back, without ever waiting for it.
#pragma once

#include "file/file.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

namespace tapster {

// A thread of its own does the asking, which itself waits when the disk is busy: then hints are dropped, and a
// later sync has more to do. Thread-safe.
class WriteBack {
 public:
  WriteBack();
  ~WriteBack();  // drops what has not been asked for yet
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  // This range was written; the caller may close the file.
  void hint(int file, std::uint64_t offset, std::uint64_t length);

 private:
  struct Range {
    FileDescriptor file;
    std::uint64_t offset, length;
  };
  void ask();

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Range> ranges_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace tapster
