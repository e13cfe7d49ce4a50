#include "wal-restore/fetcher_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <exception>
#include <string_view>
#include <vector>

namespace tapster {
namespace {

constexpr std::string_view kStartedAs = "barman-cloud-wal-restore: fetching ahead into ";

// Runs between fork and exec, where only system calls are allowed.
[[noreturn]] void become_fetcher(char* const* arguments) noexcept {
  if (::setsid() < 0) ::_exit(1);
  const pid_t fetcher = ::fork();
  if (fetcher != 0) ::_exit(fetcher < 0 ? 1 : 0);
  sigset_t none;
  sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  const int nowhere = ::open("/dev/null", O_RDWR);
  if (nowhere < 0) ::_exit(1);
  for (int standard = 0; standard <= STDERR_FILENO; ++standard) ::dup2(nowhere, standard);
  if (::close_range(STDERR_FILENO + 1, UINT_MAX, 0) != 0) {  // not before Linux 5.9
    for (int descriptor = STDERR_FILENO + 1; descriptor < 1024; ++descriptor) ::close(descriptor);
  }
  ::execv("/proc/self/exe", arguments);
  ::_exit(1);
}

extern "C" void tapster_end_fetcher(int signal) {
  ::_exit(signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT ? 0 : 1);
}

}  // namespace

void start_fetcher_process(const std::string& folder, const char* const* argv) noexcept {
  try {
    std::string started_as = std::string(kStartedAs) + folder;
    std::vector<char*> arguments = {started_as.data()};
    for (std::size_t index = 1; argv[index] != nullptr; ++index) {
      arguments.push_back(
          const_cast<char*>(argv[index]));  // NOLINT(cppcoreguidelines-pro-type-const-cast): execv's type
    }
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) become_fetcher(arguments.data());
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  } catch (const std::exception&) {  // no memory
  }
}

std::optional<std::string> folder_to_fetch_into(const char* const* argv) {
  const std::string_view started_as = argv[0] == nullptr ? "" : argv[0];
  if (!started_as.starts_with(kStartedAs)) return std::nullopt;
  return std::string(started_as.substr(kStartedAs.size()));
}

void prepare_fetcher_process() noexcept {
  std::set_terminate([] { ::_exit(1); });
  struct sigaction action {};
  action.sa_handler = tapster_end_fetcher;
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGABRT, SIGSEGV, SIGBUS,
                           SIGFPE, SIGILL, SIGSYS, SIGXCPU}) {
    ::sigaction(signal, &action, nullptr);
  }
  static_cast<void>(::chdir("/"));       // so that the data directory can be unmounted
  ::prctl(PR_SET_NAME, "wal-prefetch");  // not "exe"
}

}  // namespace tapster
