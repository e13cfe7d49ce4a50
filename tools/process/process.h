// The state of the process before anything else happens.
#pragma once

namespace tapster {

// Opens /dev/null for those of stdin, stdout and stderr that are closed, so that no file or socket
// is taken for one of them; ignores SIGPIPE, so that a lost connection is an error like others.
// Call it first, before any thread exists.
void prepare_process() noexcept;

}  // namespace tapster
