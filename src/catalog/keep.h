// Keep annotations. One may lie under two keys: the normal one, and one with a double slash, which the original writes
// when the URL ends in a slash.
#pragma once

#include <tapster/backup_catalog.h>

#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// What an annotation says: "standalone" or, for full and other, "full".
std::string_view annotation_text(KeepTarget target) noexcept;

// The key with a double slash; empty when the URL has no path.
std::string slashed_keep_key(const ArchiveLayout& layout, std::string_view id);

// Reads the first line, blanks included.
Keep parse_keep(std::string_view annotation);

// Of two annotations of one backup, the one that keeps more WAL: any other before standalone.
std::optional<Keep> stronger_keep(std::optional<Keep> keep, std::optional<Keep> other);

// nullopt: proven absent.
std::optional<Keep> read_keep_at(ObjectStore& store, const std::string& key);

}  // namespace tapster
