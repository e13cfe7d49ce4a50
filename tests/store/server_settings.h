// Where the servers of the conformance suite are.
#pragma once

#include <functional>
#include <map>
#include <string>

namespace tapster::conformance {

using Settings = std::map<std::string, std::string, std::less<>>;

std::string environment_or(const char* name, const std::string& fallback);

// $TAPSTER_SERVERS/SERVER/env, lines of KEY=VALUE. Throws when there is none: a server that is missing is a failure.
const Settings& server_settings(const std::string& server);

}  // namespace tapster::conformance
