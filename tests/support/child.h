// A forked child: for what would take the test process with it, and for races of processes.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <functional>
#include <stdexcept>

namespace tapster::test {

class Child {
 public:
  // The child runs `work` and exits with what it returns; 99 when it throws.
  explicit Child(const std::function<int()>& work) : process_(::fork()) {
    if (process_ < 0) throw std::runtime_error("cannot fork");
    if (process_ != 0) return;
    try {
      ::_exit(work());
    } catch (const std::exception&) {
      ::_exit(99);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ <= 0) return;
    kill();
    wait();
  }

  void kill() const { ::kill(process_, SIGKILL); }
  // The exit status; minus the signal's number when it was killed.
  int wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t process_;
};

}  // namespace tapster::test
