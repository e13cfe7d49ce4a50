// The one place where an Error becomes an exit status.
#pragma once

#include <functional>
#include <string_view>

namespace tapster {

// What a network failure ends with: 2 for the commands whose callers tell it from "not found"
// (wal-restore, restore, check-wal-archive, and -t anywhere); 4 for the rest, as in the original.
enum class NetworkExit { network = 2, general = 4 };

// Runs `body` and returns its status. An Error (or any exception) is logged as one line,
// "ERROR: PREFIX: what()", and becomes the status of its kind.
int run_command(std::string_view prefix, NetworkExit network_exit, const std::function<int()>& body);

}  // namespace tapster
