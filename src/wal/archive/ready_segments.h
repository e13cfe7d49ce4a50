// Which segments wait to be archived, by PostgreSQL's own marks: the files archive_status/NAME.ready beside the
// segments.
#pragma once

#include <tapster/wal_name.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tapster {

// Whether this is a segment whose name is in upper case, as PostgreSQL writes it. Such names sort as the segments do.
bool is_servers_segment(const WalName& name);

// The first `count` segments after `name`, in order, that are marked ready in `directory`, belong to the same timeline
// and the same folder of the archive, and for which `wanted` returns true. Empty where the marks cannot be read. Memory
// does not grow with the number of marks.
std::vector<WalName> ready_segments_after(const std::string& directory, const WalName& name, std::size_t count,
                                          const std::function<bool(const std::string& name)>& wanted);

}  // namespace tapster
