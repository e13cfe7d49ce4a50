// Runs one command and reports what it cost:
//
//   timed REPORT COMMAND [ARGUMENT]...
//
// writes "STATUS WALL CPU RSS" to the file REPORT: the exit status (128 + signal when killed), wall
// clock and user + system seconds, and the peak resident set in KiB. CPU includes descendants that the command
// waited for. A program of its own, because the kernel counts the memory of whoever starts a
// command into the command's peak: a Python interpreter would put 10 MB and more there.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: timed REPORT COMMAND [ARGUMENT]...\n", stderr);
    return 3;
  }
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(argv[2], argv + 2);
    std::perror(argv[2]);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child) {
    std::perror("timed: cannot run the command");
    return 4;
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::FILE* const report = std::fopen(argv[1], "w");
  if (report == nullptr) {
    std::perror(argv[1]);
    return 4;
  }
  std::fprintf(report, "%d %.6f %.6f %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
               wall.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
  return std::fclose(report) == 0 ? 0 : 4;
}
