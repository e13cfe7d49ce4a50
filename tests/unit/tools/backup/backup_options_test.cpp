#include "backup/backup_options.h"

#include "process/progress_line.h"
#include "support/catch.h"

#include <tapster/error.h>

#include <initializer_list>
#include <vector>

using namespace tapster;

namespace {

BackupArguments parsed(std::initializer_list<const char*> options) {
  std::vector<const char*> words = {"barman-cloud-backup"};
  words.insert(words.end(), options.begin(), options.end());
  words.insert(words.end(), {"--", "s3://b", "main"});
  BackupArguments arguments;
  REQUIRE_FALSE(parse_arguments(static_cast<int>(words.size()), words.data(), arguments));
  return arguments;
}

std::string fault(std::initializer_list<const char*> options) {
  try {
    check_arguments(parsed(options));
  } catch (const Error& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    return failure.what();
  }
  return {};
}

}  // namespace

TEST_CASE("backup: what is not said is the original's default") {
  const BackupArguments arguments = parsed({});
  CHECK(arguments.options.connection.dbname == "postgres");
  CHECK(arguments.options.jobs == 2);
  CHECK(arguments.options.more_jobs);
  CHECK(arguments.options.max_archive_size == 107'374'182'400);
  CHECK_FALSE(arguments.options.max_bandwidth);
  CHECK_FALSE(arguments.options.tags);
  CHECK(arguments.options.compression == Compression::none);
  CHECK(arguments.options.wal_timeout == std::chrono::seconds(60));
  CHECK(arguments.snapshot.aws_await_timeout == 3600);
}

TEST_CASE("backup: options and their values") {
  const BackupArguments arguments = parsed({"-h",
                                            "/run",
                                            "-p",
                                            "5433",
                                            "-Uu",
                                            "-d",
                                            "",
                                            "-J",
                                            "8",
                                            "-S",
                                            "10GB",
                                            "--min-chunk-size=5MB",
                                            "--max-bandwidth",
                                            "1MB",
                                            "-n",
                                            "monday",
                                            "--zstd",
                                            "--compression-level",
                                            "high",
                                            "--compression-threads",
                                            "3",
                                            "--max-parts",
                                            "1000",
                                            "--backup-info-format",
                                            "3.4",
                                            "--wal-timeout",
                                            "0",
                                            "--immediate-checkpoint",
                                            "--tag",
                                            "a,b",
                                            "--tag",
                                            "c, d"});
  const BaseBackupOptions& options = arguments.options;
  CHECK(options.connection.host == "/run");
  CHECK(options.connection.port == "5433");
  CHECK(options.connection.user == "u");
  CHECK(options.connection.dbname.empty());
  CHECK(options.jobs == 8);
  CHECK_FALSE(options.more_jobs);
  CHECK(options.max_archive_size == 10ULL << 30U);
  CHECK(options.min_chunk_size == 5U << 20U);
  CHECK(options.max_bandwidth == 1U << 20U);
  CHECK(options.name == "monday");
  CHECK(options.compression == Compression::zstd);
  CHECK(options.level.resolve(Compression::zstd) == 9);
  CHECK(options.compression_threads == 3);
  CHECK(options.max_parts == 1000);
  CHECK(arguments.info_format == BackupInfoFormat::v3_4);
  CHECK(options.wal_timeout == std::chrono::seconds(0));
  CHECK(options.immediate_checkpoint);
  CHECK(options.tags == Tags{{"a", "b"}, {"c", "d"}});
}

TEST_CASE("backup: names that could not be used are refused") {
  for (const char* name : {"monday", "20240101", "with blank", "é", "last full", "none"}) {
    CHECK(parse_backup_name(name) == name);
  }
  CHECK_THROWS_WITH(parse_backup_name(""), "Backup name cannot be empty");
  CHECK_THROWS_WITH(parse_backup_name("20240101T000000"), "Backup name '20240101T000000' is not allowed: backup ID");
  for (const char* name :
       {"latest", "last", "oldest", "first", "last-failed", "latest-full", "last-full", "auto", "None"}) {
    CHECK_THROWS_WITH(parse_backup_name(name), ContainsSubstring("is not allowed: reserved word"));
  }
  for (const char* name : {"a\nb", "a\tb", "\x7f", " a", "a ", " "}) {
    CHECK_THROWS_AS(parse_backup_name(name), BadValue);
  }
}

TEST_CASE("backup: what must not go together") {
  CHECK(fault({}).empty());
  CHECK(fault({"--snapshot-instance", "vm", "--snapshot-disk", "d1", "--snapshot-disk", "d2"}).empty());
  CHECK_THAT(fault({"-z", "--snapshot-disk", "d"}), ContainsSubstring("Compression options cannot be used"));
  CHECK_THAT(fault({"-j", "--snapshot-instance", "i"}), ContainsSubstring("Compression options cannot be used"));
  CHECK_THAT(fault({"--aws-snapshot-lock-mode", "governance", "--aws-snapshot-lock-cool-off-period", "1"}),
             ContainsSubstring("governance"));
  CHECK(fault({"--aws-snapshot-lock-mode", "compliance", "--aws-snapshot-lock-cool-off-period", "72"}).empty());
  CHECK_THAT(fault({"--snapshot-instance", "i", "--kms-key-name", "k"}), ContainsSubstring("--kms-key-name"));
}

TEST_CASE("backup: ten tags at most, and no key twice") {
  CHECK_THAT(fault({"--tag", "a,1", "--tag", "a,2"}), ContainsSubstring("the tag a is given twice"));
  CHECK(fault({"--tags", "a,1", "b,1", "c,1", "d,1", "e,1", "f,1", "g,1", "h,1", "i,1", "j,1"}).empty());
  CHECK_THAT(fault({"--tags", "a,1", "b,1", "c,1", "d,1", "e,1", "f,1", "g,1", "h,1", "i,1", "j,1", "k,1"}),
             ContainsSubstring("10 tags at most, not 11"));
}

TEST_CASE("backup: the format of backup.info comes from the option, else from the environment") {
  const MapEnvironment nothing{std::map<std::string, std::string, std::less<>>()};
  const auto with = [](const char* value) {
    std::map<std::string, std::string, std::less<>> variables;
    variables["TAPSTER_BACKUP_INFO_FORMAT"] = value;
    return MapEnvironment(variables);
  };
  const MapEnvironment older = with("3.4");
  const MapEnvironment wrong = with("3.5");
  CHECK(choose_info_format(parsed({}), nothing) == BackupInfoFormat::v3_17);
  CHECK(choose_info_format(parsed({}), older) == BackupInfoFormat::v3_4);
  CHECK(choose_info_format(parsed({"--backup-info-format", "3.17"}), older) == BackupInfoFormat::v3_17);
  CHECK_THROWS_WITH(choose_info_format(parsed({}), wrong), ContainsSubstring("TAPSTER_BACKUP_INFO_FORMAT"));
}

TEST_CASE("progress says how much, of how much, and how fast") {
  CHECK(progress_text(999, std::nullopt, 0) == "999 B");
  CHECK(progress_text(1'200'000'000, 3'400'000'000, 10) == "1.2 GB of 3.4 GB (35%), 120.0 MB/s");
  CHECK(progress_text(2000, 1000, 1) == "2.0 kB of 1.0 kB (99%), 2.0 kB/s");
}
