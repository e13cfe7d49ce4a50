#include "options/upload_options.h"

#include "grammar/values.h"
#include "options/tags.h"

#include <utility>

namespace tapster {

void declare_compressions(CommandLine& command, std::span<const Compression> offered, Compression& chosen) {
  const int group = command.exclusive_group();
  for (const Compression compression : offered) {
    const auto [short_name, name, help] = option_of(compression);
    OptionSpec& option = command.action(short_name.empty() ? Names{name} : Names{short_name, name}, Arity::flag, help);
    option.store = [&chosen, compression](Values) { chosen = compression; };
    option.group = group;
  }
}

OptionSpec& declare_compression_level(CommandLine& command, CompressionLevel& level) {
  const auto store = [&level](std::string_view text) {
    const auto parsed = CompressionLevel::parse(text);
    if (!parsed) throw BadValue("invalid parse_compression_level value: " + python_repr(text));
    level = *parsed;
  };
  return command.value({"--compression-level"}, "COMPRESSION_LEVEL", store,
                       "low, medium, high or a number, which is brought into the algorithm's range (default: medium)");
}

void declare_tags(CommandLine& command, std::optional<Tags>& tags, TagOptions texts) {
  const int group = command.exclusive_group();
  const auto replace = [&tags](Values values) {
    Tags parsed;
    parsed.reserve(values.size());
    for (const std::string_view value : values) parsed.push_back(parse_csv_tag(value));
    tags = std::move(parsed);
  };
  command.list(std::move(texts.csv_names), texts.csv_metavar, replace, texts.csv_help).group = group;
  const auto append = [&tags](std::string_view text) {
    Tag tag = parse_tag(text);
    if (!tags) tags.emplace();
    tags->push_back(std::move(tag));
  };
  command.value(std::move(texts.names), texts.metavar, append, texts.help).group = group;
}

void declare_encryption_scope(CommandLine& command, std::string& scope) {
  command.section("Extra options for the azure-blob-storage cloud provider");
  command.text({"--encryption-scope"}, "ENCRYPTION_SCOPE", scope,
               "encryption scope of Azure Blob Storage (default: none); accepted and ignored by other stores");
}

void declare_kms_key_name(CommandLine& command, std::string& name) {
  command.section("Extra options for the google-cloud-storage cloud provider");
  command.text({"--kms-key-name"}, "KMS_KEY_NAME", name,
               "key that Google Cloud Storage encrypts with (default: the bucket's); accepted and ignored by other "
               "stores");
}

}  // namespace tapster
