#include "common/wal_archive_options.h"

#include "common/tags.h"
#include "common/values.h"

#include <tapster/error.h>

namespace tapster {
namespace {

void declare_compression(CommandLine& command, WalArchiveArguments& arguments) {
  const int group = command.exclusive_group();
  const auto algorithm = [&](Names names, Compression compression, std::string_view help) {
    OptionSpec& option = command.action(std::move(names), Arity::flag, help);
    option.store = [&arguments, compression](Values) { arguments.compression = compression; };
    option.group = group;
  };
  algorithm({"-z", "--gzip"}, Compression::gzip, "compress with gzip (default: do not compress)");
  algorithm({"-j", "--bzip2"}, Compression::bzip2, "compress with bzip2");
  algorithm({"--xz"}, Compression::xz, "compress with xz");
  algorithm({"--snappy"}, Compression::snappy, "compress with snappy");
  algorithm({"--zstd"}, Compression::zstd, "compress with zstd");
  algorithm({"--lz4"}, Compression::lz4, "compress with lz4");

  const auto level = [&arguments](std::string_view text) {
    const auto parsed = CompressionLevel::parse(text);
    if (!parsed) throw BadValue("invalid parse_compression_level value: " + python_repr(text));
    arguments.level = *parsed;
  };
  command.value({"--compression-level"}, "COMPRESSION_LEVEL", level,
                "low, medium, high or a number, which is brought into the algorithm's range (default: medium)");
}

// The two forms exclude each other, so that whichever was given fills the same list.
void declare_tags(CommandLine& command, std::optional<Tags>& tags, Names csv_names, Names names,
                  std::string_view csv_metavar, std::string_view metavar, std::string_view csv_help,
                  std::string_view help) {
  const int group = command.exclusive_group();
  const auto replace = [&tags](Values values) {
    Tags parsed;
    for (const std::string_view value : values) parsed.push_back(parse_csv_tag(value));
    tags = std::move(parsed);
  };
  command.list(std::move(csv_names), csv_metavar, replace, csv_help).group = group;
  const auto append = [&tags](std::string_view text) {
    Tag tag = parse_tag(text);
    if (!tags) tags.emplace();
    tags->push_back(std::move(tag));
  };
  command.value(std::move(names), metavar, append, help).group = group;
}

void declare_other_stores(CommandLine& command, WalArchiveArguments& arguments) {
  command.section("Extra options for the azure-blob-storage cloud provider");
  command.text({"--encryption-scope"}, "ENCRYPTION_SCOPE", arguments.encryption_scope,
               "encryption scope of Azure Blob Storage (default: none); accepted and ignored by other stores");
  command.value({"--max-block-size"}, "MAX_BLOCK_SIZE", size_setter(arguments.max_block_size),
                "size of the parts of a large upload to Azure (default: 4MB); accepted and ignored by other stores");
  command.value({"--max-concurrency"}, "MAX_CONCURRENCY", positive_setter(arguments.max_concurrency),
                "parts uploaded to Azure at once (default: 1); accepted and ignored by other stores");
  command.value({"--max-single-put-size"}, "MAX_SINGLE_PUT_SIZE", size_setter(arguments.max_single_put_size),
                "largest upload to Azure in one request (default: 64MB); accepted and ignored by other stores");
  command.section("Extra options for the google-cloud-storage cloud provider");
  command.text({"--kms-key-name"}, "KMS_KEY_NAME", arguments.kms_key_name,
               "key that Google Cloud Storage encrypts with (default: the bucket's); accepted and ignored by other "
               "stores");
}

}  // namespace

std::optional<int> parse_arguments(int argc, const char* const* argv, WalArchiveArguments& arguments) {
  CommandLine command("barman-cloud-wal-archive",
                      "Archives a WAL file of a PostgreSQL server in an object store or a directory. Meant to be its "
                      "archive_command, and Barman's pre_archive_retry_script.");
  declare_shared_options(command, arguments);
  declare_compression(command, arguments);
  declare_tags(command, arguments.tags, {"--tags"}, {"--tag"}, "TAGS_LIST", "TAGS_APPEND",
               "tags for the archived file, each KEY,VALUE, up to the next option or -- (deprecated: use --tag)",
               "KEY,VALUE: a tag for the archived file; may be repeated (default: none)");
  declare_tags(command, arguments.history_tags, {"--history-tags"}, {"--history-tag"}, "HISTORY_TAGS_LIST",
               "HISTORY_TAGS_APPEND", "the same for timeline history files (deprecated: use --history-tag)",
               "KEY,VALUE: a tag for timeline history files instead of --tag's; may be repeated (default: those of "
               "--tag)");
  declare_encryption_options(command, arguments.store);
  declare_other_stores(command, arguments);
  command.positional("destination_url", arguments.url, "where the archive is: s3://BUCKET[/PATH] or file:///DIRECTORY");
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  command.positional("wal_path", arguments.wal_path,
                     "the WAL file: archive_command's %p; required unless Barman runs the command as a hook", false);
  return finish_arguments(command, arguments, argc, argv);
}

std::string wal_path_to_archive(const WalArchiveArguments& arguments, const Environment& environment) {
  const auto hook = environment.get("BARMAN_HOOK");
  const auto phase = environment.get("BARMAN_PHASE");
  if (!hook || !phase) {
    if (arguments.wal_path.empty()) {
      throw error(ErrorKind::operation, "the following arguments are required: wal_path");
    }
    return arguments.wal_path;
  }
  if ((*hook != "archive_script" && *hook != "archive_retry_script") || *phase != "pre") {
    throw error(ErrorKind::operation, "barman-cloud-wal-archive called as unsupported hook script: {}_{}", *phase,
                *hook);
  }
  const auto file = environment.get("BARMAN_FILE");
  if (!file) throw error(ErrorKind::operation, "Expected environment variable BARMAN_FILE not set");
  return *file;
}

}  // namespace tapster
