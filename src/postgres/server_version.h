// PostgreSQL's version numbers ("server_version_num").
#pragma once

#include <string>

namespace tapster {

// 150018 to "15", 90624 to "9.6": the major version, as in the names of tablespaces' directories, PG_15_*.
std::string major_version(int version);

}  // namespace tapster
