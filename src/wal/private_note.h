// Notes: small texts that one run of a command leaves in a private folder for the next. Each is a file that appears
// whole and ends in a checksum. After a crash of the machine a note may be missing, older, or damaged; a damaged one
// reads as missing.
#pragma once

#include "wal/private_folder.h"

#include <tapster/clock.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// nullopt when there is no whole note of that name. All reasons but a missing file are logged for debugging.
std::optional<std::string> read_note(const PrivateFolder& folder, const std::string& name);

// Replaces the note; at most 6 KiB. Returns false, and logs for debugging, when it cannot be written.
bool write_note(const PrivateFolder& folder, const std::string& name, std::string_view text);

void remove_note(const PrivateFolder& folder, const std::string& name);

// The parts of a note between single blanks.
std::vector<std::string_view> words_of(std::string_view text);

// Whole seconds since 1970, as notes keep times.
std::string note_time(TimePoint time);
// Whether `text` is a note_time in the past, no longer ago than `age`.
bool is_recent(std::string_view text, TimePoint now, std::chrono::seconds age);

}  // namespace tapster
