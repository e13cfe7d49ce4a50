// Keep annotations, and the two keys under which one may lie: the normal one, and one with a double slash, which the
// original writes when the URL ends in a slash.
#pragma once

#include <tapster/backup_catalog.h>

#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// The text of an annotation; other has none of its own and is full.
std::string_view text_of(KeepTarget target) noexcept;

// The second key; empty when there is none.
std::string slashed_keep_key(const ArchiveLayout& layout, std::string_view id);

// The first line says it; blanks count.
Keep parse_keep(std::string_view annotation);

// Of two annotations of one backup the one that keeps more: anything before standalone.
std::optional<Keep> stronger(std::optional<Keep> keep, std::optional<Keep> other);

// nullopt: proven absent.
std::optional<Keep> read_keep_at(ObjectStore& store, const std::string& key);

}  // namespace tapster
