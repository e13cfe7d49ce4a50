#include "backup/backup_options.h"

#include "grammar/values.h"
#include "options/upload_options.h"

#include <tapster/error.h>

#include <algorithm>
#include <limits>

namespace tapster {
namespace {

// A positive number into a plain int.
Setter positive_int(int& target) {
  return [&target](std::string_view text) {
    std::optional<std::uint32_t> value;
    positive_setter(value)(text);
    constexpr std::uint32_t kLargest = std::numeric_limits<int>::max();
    target = static_cast<int>(std::min(*value, kLargest));
  };
}

// A number that was asked for is kept to.
Setter jobs_setter(BaseBackupOptions& options) {
  return [&options](std::string_view text) {
    positive_int(options.jobs)(text);
    options.more_jobs = false;
  };
}

Setter optional_size(std::optional<std::uint64_t>& target) {
  return [&target](std::string_view text) {
    std::uint64_t value = 0;
    size_setter(value)(text);
    target = value;
  };
}

void declare_connection(CommandLine& command, BackupArguments& arguments) {
  ConnectionOptions& connection = arguments.options.connection;
  command.text({"-h", "--host"}, "HOST", connection.host,
               "host or directory of the socket of PostgreSQL (default: libpq's: PGHOST, else the local socket)");
  command.text({"-p", "--port"}, "PORT", connection.port, "port of PostgreSQL (default: libpq's: PGPORT, else 5432)");
  command.text({"-U", "--user"}, "USER", connection.user,
               "role to connect as (default: libpq's: PGUSER, else the user who runs the command)");
  command.text({"-d", "--dbname"}, "DBNAME", connection.dbname,
               "name of the database; or, when empty, with a '=' or as a postgresql:// URI, the whole connection "
               "string, and -h, -p and -U are ignored (default: postgres)");
}

void declare_copy(CommandLine& command, BackupArguments& arguments) {
  BaseBackupOptions& options = arguments.options;
  command.flag({"--immediate-checkpoint"}, options.immediate_checkpoint,
               "begin with a fast checkpoint instead of one that is spread over time");
  command.value({"-J", "--jobs"}, "JOBS", jobs_setter(options),
                "parts uploaded at once (default: 2, and up to 5 while that makes it faster)");
  command.value({"-S", "--max-archive-size"}, "MAX_ARCHIVE_SIZE", size_setter(options.max_archive_size),
                "size beyond which another archive is begun (default: 100GB)");
  command.value({"--min-chunk-size"}, "MIN_CHUNK_SIZE", size_setter(options.min_chunk_size),
                "smallest size of the parts of an upload (default: what fits the largest archive)");
  command.value({"--max-bandwidth"}, "MAX_BANDWIDTH", optional_size(options.max_bandwidth),
                "bytes uploaded per second, over all jobs (default: no limit)");
  const auto name = [&options](std::string_view text) { options.name = parse_backup_name(text); };
  command.value({"-n", "--name"}, "BACKUP_NAME", name, "a name that can be used instead of the id (default: none)");
}

void declare_additions(CommandLine& command, BackupArguments& arguments) {
  BaseBackupOptions& options = arguments.options;
  const auto ours = [](OptionSpec& option) { option.addition = true; };
  ours(declare_compression_level(command, options.level));
  ours(command.value({"--compression-threads"}, "N", positive_int(options.compression_threads),
                     "threads that compress with gzip, snappy, lz4 or zstd (default: the cores, at most 4)"));
  const auto parts = [&options](std::string_view text) {
    int value = 0;
    positive_int(value)(text);
    options.max_parts = value;
  };
  ours(command.value({"--max-parts"}, "N", parts,
                     "parts that an upload may have, for stores that take fewer than S3 (default: the store's "
                     "number, mostly 10000)"));
  const auto format = [&arguments](std::string_view text) {
    static constexpr std::string_view kFormats[] = {"3.17", "3.4"};
    arguments.info_format = parse_backup_info_format(text);
    if (!arguments.info_format) throw bad_choice(text, kFormats);
  };
  ours(command.value({"--backup-info-format"}, "{3.17,3.4}", format,
                     "the version of the original that must be able to read backup.info (default: "
                     "TAPSTER_BACKUP_INFO_FORMAT, else 3.17)"));
  const auto timeout = [&options](std::string_view text) {
    int seconds = 0;
    non_negative_setter(seconds)(text);
    options.wal_timeout = std::chrono::seconds(seconds);
  };
  ours(command.value({"--wal-timeout"}, "SECONDS", timeout,
                     "how long to wait until the WAL that the backup needs is in the archive, before a warning says "
                     "that it is not; 0: look once (default: 60)"));
}

}  // namespace

std::optional<int> parse_arguments(int argc, const char* const* argv, BackupArguments& arguments) {
  CommandLine command("barman-cloud-backup",
                      "Takes a base backup of the PostgreSQL server on this host and stores it in an object store or "
                      "a directory. Can be Barman's post_backup_retry_script. Archives in --lz4 or --zstd cannot be "
                      "restored by version 3.17 of the original and older.");
  declare_shared_options(command, arguments);
  declare_compressions(command, backup_compressions(), arguments.options.compression);
  declare_connection(command, arguments);
  declare_copy(command, arguments);
  declare_tags(command, arguments.options.tags,
               {{"--tags"},
                {"--tag"},
                "TAGS_LIST",
                "TAGS_APPEND",
                "tags for the objects of the backup, each KEY,VALUE, up to the next option or -- (deprecated: use "
                "--tag)",
                "KEY,VALUE: a tag for the objects of the backup; may be repeated, up to 10 times (default: none)"});
  declare_additions(command, arguments);
  declare_encryption_options(command, arguments.store);
  declare_encryption_scope(command, arguments.store.encryption_scope);
  declare_kms_key_name(command, arguments.store.kms_key_name);
  declare_snapshots(command, arguments.snapshot);
  command.positional("destination_url", arguments.url, kUrlHelp);
  command.positional("server_name", arguments.server_name, "name of the server within the archive");
  return finish_arguments(command, arguments, argc, argv);
}

BackupInfoFormat choose_info_format(const BackupArguments& arguments, const Environment& environment) {
  if (arguments.info_format) return *arguments.info_format;
  const auto text = environment.get("TAPSTER_BACKUP_INFO_FORMAT");
  if (!text) return BackupInfoFormat::v3_17;
  const auto format = parse_backup_info_format(*text);
  if (!format) throw error(ErrorKind::general, "TAPSTER_BACKUP_INFO_FORMAT must be 3.17 or 3.4, not {}", *text);
  return *format;
}

}  // namespace tapster
