#include "base/child_process.h"

#include <tapster/error.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>

namespace tapster {
namespace {

constexpr std::size_t kMaxOutput = 1U << 20U;

using Deadline = std::chrono::steady_clock::time_point;

// Kills and reaps the child unless it was waited for.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ == 0) return;
    ::kill(-pid_, SIGKILL);  // its process group
    wait();
  }

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // Whether it ended before the deadline; its status is then still to be collected.
  bool ended_by(Deadline deadline) const {
    for (;;) {
      siginfo_t info{};
      if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        return true;
      }
      if (std::chrono::steady_clock::now() >= deadline) return false;
      ::poll(nullptr, 0, 10);
    }
  }

 private:
  pid_t pid_;
};

struct Pipe {
  std::array<int, 2> ends = {-1, -1};
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error(errno, "cannot create", "a pipe");
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int fd : ends) {
      if (fd >= 0) ::close(fd);
    }
  }
  void close_writing_end() {
    ::close(ends[1]);
    ends[1] = -1;
  }
};

struct SpawnSettings {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }
};

// `errors` is -1 when the child shares our standard error.
pid_t spawn(const std::vector<std::string>& words, int output, int errors) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  SpawnSettings settings;
  // Standard input last: when our own is closed, a pipe may be descriptor 0.
  ::posix_spawn_file_actions_adddup2(&settings.actions, output, STDOUT_FILENO);
  if (errors >= 0) ::posix_spawn_file_actions_adddup2(&settings.actions, errors, STDERR_FILENO);
  ::posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
  // Commands that tidy up after a signal block it in all of their threads.
  sigset_t blocked;
  sigemptyset(&blocked);
  ::posix_spawnattr_setsigmask(&settings.attributes, &blocked);
  ::posix_spawnattr_setpgroup(&settings.attributes, 0);
  ::posix_spawnattr_setflags(&settings.attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int problem =
      ::posix_spawnp(&pid, arguments[0], &settings.actions, &settings.attributes, arguments.data(), environ);
  if (problem != 0) throw system_error(problem, "cannot run", words[0]);
  return pid;
}

// Adds what there is to read now; false at the end.
bool read_some(int fd, const std::string& program, std::string& text) {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(fd, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count < 0) throw system_error(errno, "cannot read the output of", program);
  text.append(buffer.data(), static_cast<std::size_t>(count));
  if (text.size() > kMaxOutput) throw error(ErrorKind::general, "{} wrote more than 1 MiB", program);
  return count > 0;
}

// Until the end of both outputs (-1: there is no such one); false when the deadline came first.
bool read_all(int output, int errors, Deadline deadline, const std::string& program, ProcessResult& result) {
  std::array<pollfd, 2> waiting = {{{output, POLLIN, 0}, {errors, POLLIN, 0}}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) <= 0) continue;
    if (waiting[0].revents != 0 && !read_some(output, program, result.output)) waiting[0].fd = -1;
    if (waiting[1].revents != 0 && !read_some(errors, program, result.errors)) waiting[1].fd = -1;
  }
  return true;
}

}  // namespace

std::vector<std::string> split_words(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == 0 && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    const char next = i + 1 < command.size() ? command[i + 1] : '\0';
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && (quote == 0 || (quote == '"' && (next == '"' || next == '\\')))) {
      if (next == '\0') throw error(ErrorKind::general, "the command ends in a backslash: {}", command);
      words.back() += next;
      ++i;
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) throw error(ErrorKind::general, "the command has an open quote ({}): {}", quote, command);
  return words;
}

ProcessResult run_program(const std::vector<std::string>& words, Duration timeout, ErrorOutput errors) {
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  Pipe output_pipe;
  std::optional<Pipe> error_pipe;
  if (errors == ErrorOutput::collected) error_pipe.emplace();
  Child child(spawn(words, output_pipe.ends[1], error_pipe ? error_pipe->ends[1] : -1));
  output_pipe.close_writing_end();
  if (error_pipe) error_pipe->close_writing_end();
  ProcessResult result;
  if (!read_all(output_pipe.ends[0], error_pipe ? error_pipe->ends[0] : -1, deadline, words[0], result) ||
      !child.ended_by(deadline)) {
    throw error(ErrorKind::general, "{} did not finish within {} s", words[0],
                std::chrono::duration<double>(timeout).count());
  }
  result.status = child.wait();
  return result;
}

}  // namespace tapster
