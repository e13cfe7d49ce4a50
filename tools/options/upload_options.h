// Options that the commands share which write to the archive.
#pragma once

#include "grammar/command_line.h"

#include <tapster/compression.h>
#include <tapster/object_store.h>

#include <optional>
#include <span>

namespace tapster {

// The options that choose one of the `offered` formats; they exclude each other. `chosen` is borrowed.
void declare_compressions(CommandLine& command, std::span<const Compression> offered, Compression& chosen);
// --compression-level. `level` is borrowed.
OptionSpec& declare_compression_level(CommandLine& command, CompressionLevel& level);

// The two forms of tags. They exclude each other, so that whichever was given fills the same list.
struct TagOptions {
  Names csv_names, names;
  std::string_view csv_metavar, metavar;
  std::string_view csv_help, help;
};
void declare_tags(CommandLine& command, std::optional<Tags>& tags, TagOptions texts);

// Of Azure and of Google: accepted and unused by other stores.
void declare_encryption_scope(CommandLine& command, std::string& scope);
void declare_kms_key_name(CommandLine& command, std::string& name);

}  // namespace tapster
