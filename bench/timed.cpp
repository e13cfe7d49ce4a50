// Runs one command and reports what it cost:
//
//   timed [--sum] REPORT COMMAND [ARGUMENT]...
//
// writes "STATUS WALL CPU RSS SUM" to the file REPORT: the exit status (128 + signal when killed), wall
// clock and user + system seconds, and the peak resident set in KiB. CPU includes descendants that the command
// waited for. A program of its own, because the kernel counts the memory of whoever starts a
// command into the command's peak: a Python interpreter would put 10 MB and more there.
//
// SUM is the largest memory, in KiB, that the command and its descendants held together. It is looked at five times
// a second with --sum, as proportional set size (a page that several share counts once), and is 0 without.
#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::chrono::milliseconds kInterval{200};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// `found` gets a process and its descendants, from lists that the kernel keeps (CONFIG_PROC_CHILDREN, in every
// distribution's): looking for them among all processes would take longer than what is done with them.
void add_with_descendants(pid_t process, std::vector<pid_t>& found) {
  found.push_back(process);
  const std::string threads = "/proc/" + std::to_string(process) + "/task/";
  DIR* const folder = ::opendir(threads.c_str());
  if (folder == nullptr) return;
  std::vector<pid_t> children;
  while (const dirent* const thread = ::readdir(folder)) {
    std::ifstream list(threads + thread->d_name + "/children");
    for (pid_t child = 0; list >> child;) children.push_back(child);
  }
  ::closedir(folder);
  for (const pid_t child : children) add_with_descendants(child, found);
}

long proportional_kib(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Pss:")) return std::atol(&line[4]);
  return 0;
}

// Looks at the memory of a command until it is stopped.
class MemorySum {
 public:
  explicit MemorySum(pid_t root) : thread_([this, root](const std::stop_token& stop) { watch(root, stop); }) {}

  long peak_kib() {
    thread_.request_stop();
    thread_.join();
    return peak_;
  }

 private:
  void watch(pid_t root, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      long sum = 0;
      std::vector<pid_t> found;
      add_with_descendants(root, found);
      for (const pid_t process : found) sum += proportional_kib(process);
      peak_ = std::max(peak_, sum);
      stopped_.wait_for(lock, stop, kInterval, [] { return false; });
    }
  }

  long peak_ = 0;
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

int usage() {
  std::fputs("usage: timed [--sum] REPORT COMMAND [ARGUMENT]...\n", stderr);
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  const bool with_sum = argc > 1 && std::string_view(argv[1]) == "--sum";
  char** const words = argv + (with_sum ? 2 : 1);
  if (argc - (words - argv) < 2) return usage();
  if (with_sum && ::access("/proc/thread-self/children", R_OK) != 0) {
    std::perror("timed: --sum needs the kernel's lists of children: /proc/thread-self/children");
    return 3;
  }
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(words[1], words + 1);
    std::perror(words[1]);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  long sum = 0;
  if (with_sum && child > 0) {
    MemorySum memory(child);
    if (::wait4(child, &status, 0, &usage) != child) {
      std::perror("timed: cannot wait for the command");
      return 4;
    }
    sum = memory.peak_kib();
  } else if (child < 0 || ::wait4(child, &status, 0, &usage) != child) {
    std::perror("timed: cannot run the command");
    return 4;
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::FILE* const report = std::fopen(words[0], "w");
  if (report == nullptr) {
    std::perror(words[0]);
    return 4;
  }
  std::fprintf(report, "%d %.6f %.6f %ld %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
               wall.count(), seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss, sum);
  return std::fclose(report) == 0 ? 0 : 4;
}
