#include "wal-archive/wal_archive_options.h"

#include "grammar/values.h"
#include "options/upload_options.h"

#include <tapster/error.h>

#include <algorithm>
#include <cstdint>

namespace tapster {
namespace {

// Each segment takes memory and a connection, and stores limit the rate of requests.
constexpr int kMostAtOnce = 64;

Setter parallel_setter(std::optional<int>& target) {
  return [&target](std::string_view text) {
    int number = 0;
    non_negative_setter(number)(text);
    target = number;
  };
}

void declare_other_stores(CommandLine& command, WalArchiveArguments& arguments) {
  declare_encryption_scope(command, arguments.store.encryption_scope);
  command.value({"--max-block-size"}, "MAX_BLOCK_SIZE", size_setter(arguments.store.max_block_size),
                "size of the parts of a large upload to Azure (default: 4MB); accepted and ignored by other stores");
  command.value({"--max-concurrency"}, "MAX_CONCURRENCY", positive_setter(arguments.store.max_concurrency),
                "parts uploaded to Azure at once (default: 1); accepted and ignored by other stores");
  command.value({"--max-single-put-size"}, "MAX_SINGLE_PUT_SIZE", size_setter(arguments.store.max_single_put_size),
                "largest upload to Azure in one request (default: 64MB); accepted and ignored by other stores");
  declare_kms_key_name(command, arguments.store.kms_key_name);
}

}  // namespace

std::optional<int> parse_arguments(int argc, const char* const* argv, WalArchiveArguments& arguments) {
  CommandLine command("barman-cloud-wal-archive",
                      "Archives a WAL file of a PostgreSQL server in an object store or a directory. Meant to be its "
                      "archive_command, and Barman's pre_archive_retry_script.");
  declare_shared_options(command, arguments);
  declare_compressions(command, wal_archive_compressions(), arguments.compression);
  declare_compression_level(command, arguments.level);
  declare_tags(command, arguments.tags,
               {{"--tags"},
                {"--tag"},
                "TAGS_LIST",
                "TAGS_APPEND",
                "tags for the archived file, each KEY,VALUE, up to the next option or -- (deprecated: use --tag)",
                "KEY,VALUE: a tag for the archived file; may be repeated (default: none)"});
  declare_tags(command, arguments.history_tags,
               {{"--history-tags"},
                {"--history-tag"},
                "HISTORY_TAGS_LIST",
                "HISTORY_TAGS_APPEND",
                "the same for timeline history files (deprecated: use --history-tag)",
                "KEY,VALUE: a tag for timeline history files instead of --tag's; may be repeated (default: those of "
                "--tag)"});
  declare_encryption_options(command, arguments.store);
  command
      .value(
          {"--parallel"}, "N", parallel_setter(arguments.parallel),
          "archive N segments at once: the one that is asked for, and the next ones that PostgreSQL has marked as "
          "ready, so that they need no request when their turn comes (default: TAPSTER_WAL_ARCHIVE_PARALLEL, else 0: "
          "the requested one only)")
      .addition = true;
  command
      .text(
          {"--spool-dir"}, "DIR", arguments.spool_dir,
          "directory for what one run leaves for the next: what it has found out about the archive, and which segments "
          "it has archived ahead (default: /var/tmp/walarchive)")
      .addition = true;
  declare_other_stores(command, arguments);
  command.positional("destination_url", arguments.url, kUrlHelp);
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

int segments_at_once(const WalArchiveArguments& arguments, const Environment& environment) {
  constexpr std::string_view kVariable = "TAPSTER_WAL_ARCHIVE_PARALLEL";
  std::optional<std::int64_t> number = arguments.parallel;
  if (!number) {
    const auto text = environment.get(kVariable);
    if (!text) return 0;
    number = parse_integer(*text);
    if (!number || *number < 0) {
      throw error(ErrorKind::usage, "{} is '{}': the number of segments to archive at once is expected, 0 or more",
                  kVariable, *text);
    }
  }
  return static_cast<int>(std::min<std::int64_t>(*number, kMostAtOnce));
}

}  // namespace tapster
