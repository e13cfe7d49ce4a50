// Reading the header blocks of tar archives: ustar (POSIX.1-1988), pax extended headers (POSIX.1-2001, pax Interchange
// Format), and what GNU tar and tars before ustar write.
#pragma once

#include "tar/tar_header.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// "the tar archive is damaged: REASON"
[[noreturn]] void throw_damaged_tar(std::string_view reason);

// One header. `member.size` is what follows it, for whatever type. Throws Error (general) for a
// block that is no header: its checksum or a number is wrong.
TarMember parse_tar_header(Bytes block);

// The records of a pax extended header: "LENGTH KEYWORD=VALUE\n" each.
using PaxRecords = std::map<std::string, std::string, std::less<>>;
void parse_pax_records(std::string_view text, PaxRecords& records);

// Puts what the records say in the place of what the header says. Error (general) for sparse files, whose
// content is not what the header promises.
void apply_pax_records(const PaxRecords& records, TarMember& member);

}  // namespace tapster
