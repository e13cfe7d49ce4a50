// Asks the kernel early to write files to disk, without making the caller wait.
#pragma once

#include "file/file.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

namespace tapster {

// A thread of its own asks the kernel, because the call waits when the disk is busy. Hints that come meanwhile may be
// dropped; a later sync then has more to write. Thread-safe.
class WriteBack {
 public:
  WriteBack();
  ~WriteBack();  // drops what has not been asked for yet
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  // Asks for this range of the file to be written. The caller may close the file at once.
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
