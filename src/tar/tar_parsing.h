// Reads the header blocks of tar archives: ustar (POSIX.1-1988), pax extended headers (POSIX.1-2001, pax Interchange
// Format), and those of GNU tar and of older tars.
#pragma once

#include "tar/tar_header.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// Throws Error (general): "the tar archive is damaged: REASON".
[[noreturn]] void throw_damaged_tar(std::string_view reason);

// Parses one header block. `member.size` is the size of what follows, whatever the type. Throws Error (general) when
// the checksum or a number is wrong.
TarMember parse_tar_header(Bytes block);

// The records of a pax extended header, by keyword. In the archive each is "LENGTH KEYWORD=VALUE\n".
using PaxRecords = std::map<std::string, std::string, std::less<>>;
// Adds the records of `text` to `records` and replaces those of the same keyword. Error (general) when it is malformed.
void parse_pax_records(std::string_view text, PaxRecords& records);

// Replaces the member's fields by the records' values. Error (general) for sparse files, whose stored content is not
// the content of the file.
void apply_pax_records(const PaxRecords& records, TarMember& member);

}  // namespace tapster
