// The process of wal-restore's background fetcher. It is the same program with the same arguments; only argv[0], which
// `ps` shows, tells it that it is the fetcher, and for which folder.
#pragma once

#include <optional>
#include <string>

namespace tapster {

// Starts the fetcher in a session of its own, adopted by init, and does not wait for it. It inherits the environment,
// which may hold the credentials, but no descriptor that somebody may wait on. May be called while other threads run.
// When it fails there is no fetcher, and nobody is told.
void start_fetcher_process(const std::string& folder, const char* const* argv) noexcept;

// The folder, when this process is a fetcher.
std::optional<std::string> folder_to_fetch_into(const char* const* argv);

// The fetcher calls this first. From then on it ends with status 0 or 1 on every signal but SIGKILL, and its working
// directory is `/`. A postmaster that is the first process of a container adopts the fetcher, and takes any other end
// of an unknown child for the crash of a server process.
void prepare_fetcher_process() noexcept;

}  // namespace tapster
