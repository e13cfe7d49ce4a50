#include "store/server_settings.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace tapster::conformance {
namespace {

Settings read_settings(const std::string& server) {
  const std::string servers = environment_or("TAPSTER_SERVERS", "");
  const std::string path = servers + "/" + server + "/env";
  std::ifstream file(path);
  if (servers.empty() || !file) {
    throw std::runtime_error("these tests need a server: $TAPSTER_SERVERS/" + server +
                             "/env cannot be read (TAPSTER_SERVERS=" + servers + ")");
  }
  Settings read;
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) read[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return read;
}

}  // namespace

std::string environment_or(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr || *value == '\0' ? fallback : value;
}

const Settings& server_settings(const std::string& server) {
  static std::map<std::string, Settings> known;
  const auto found = known.find(server);
  return found != known.end() ? found->second : known.emplace(server, read_settings(server)).first->second;
}

}  // namespace tapster::conformance
