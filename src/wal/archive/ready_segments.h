// Which segments wait to be archived, by PostgreSQL's own marks: archive_status/NAME.ready beside the segment.
#pragma once

#include <tapster/wal_name.h>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace tapster {

// Whether this is a segment spelled as PostgreSQL does, in upper case: so names sort as the segments do.
bool is_servers_segment(const WalName& name);

// The first `count` segments in `directory` after `name`, of the same timeline and the same folder in the archive, that
// are marked ready and wanted; in order. Empty where there are no marks, or none can be read. Memory does not grow with
// their number.
std::vector<WalName> ready_segments_after(const std::string& directory, const WalName& name, std::size_t count,
                                          const std::function<bool(const std::string& name)>& wanted);

}  // namespace tapster
