// The background fetcher of wal-restore as a process: the same program with the same arguments, told by the name under
// which it was started (argv[0], which `ps` shows) what it is, and for which folder.
#pragma once

#include <optional>
#include <string>

namespace tapster {

// Starts it, in a session of its own and adopted by init, and does not wait for it. It inherits the environment, in
// which the credentials may be, and nothing else: no descriptor that somebody waits on, no directory. May be called
// while other threads run. Whatever goes wrong: there is none.
void start_fetcher_process(const std::string& folder, const char* const* argv) noexcept;

// The folder, when this process was started so.
std::optional<std::string> folder_to_fetch_into(const char* const* argv);

// What such a process does first: from then on it ends with status 0 or 1 whatever happens to it, except by SIGKILL. A
// postmaster that is the first process of a container inherits it, and takes any other end of an unknown child for the
// crash of a server process.
void prepare_fetcher_process() noexcept;

}  // namespace tapster
