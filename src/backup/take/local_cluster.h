// Is the data directory that the server names really this host's, and can it be read?
#pragma once

#include "postgres/session.h"

#include <cstdint>
#include <string>

namespace tapster {

// What global/pg_control says of a cluster (the first fields of ControlFileData, the same since PostgreSQL 9).
struct ControlFile {
  std::uint64_t system_identifier = 0;
  bool in_recovery = false;
};
ControlFile read_control_file(const std::string& data_directory);

// Opens the data directory, its control file and every tablespace. Throws Error (operation) that names what cannot
// be read, or says that the server runs elsewhere: another system identifier, not running, a standby where the
// server is a primary.
void check_local_cluster(const ServerFacts& facts);

}  // namespace tapster
