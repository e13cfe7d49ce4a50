// Small texts that one command leaves in a private folder for the next one. Each is a file of its own that appears
// whole and ends in a checksum: after a crash of the machine it may be gone, older, or damaged, which is told, but
// never another text.
#pragma once

#include "wal/private_folder.h"

#include <tapster/clock.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// nullopt, and for all but an absent one a line for debugging, when there is none or it is not one that was written
// so.
std::optional<std::string> read_note(const PrivateFolder& folder, const std::string& name);

// Replaces it; at most 6 KiB. False, and a line for debugging, when it cannot be: whoever reads the note later does
// without.
bool write_note(const PrivateFolder& folder, const std::string& name, std::string_view text);

void remove_note(const PrivateFolder& folder, const std::string& name);

// The parts of a note between single blanks.
std::vector<std::string_view> words_of(std::string_view text);

// For notes: whole seconds since 1970.
std::string note_time(TimePoint time);
// Whether `text` is a time no longer ago than `age`, and not to come.
bool is_recent(std::string_view text, TimePoint now, std::chrono::seconds age);

}  // namespace tapster
