// What must hold for every format, whoever uses it: each test runs over all rows of the table of codecs.
#include "codec/codec.h"

#include "backup/backup_options.h"
#include "codec/backup_compressor.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"
#include "unit/codec/codec_samples.h"
#include "wal-archive/wal_archive_options.h"
#include "wal/wal_objects.h"

#include <tapster/backup_archives.h>
#include <tapster/wal_check.h>
#include <tapster/wal_restore.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <set>

using namespace tapster;
using tapster::test::FakeStore;

namespace {

const ArchiveLayout kLayout("p", "srv");
const std::string kFolder = "p/srv/wals/0000000100000000/";
const std::string kSegment = "000000010000000000000002";

// By the enumeration: independent of the lists that are made from the table.
std::vector<Compression> every_format() {
  std::vector<Compression> formats;
  for (int i = 0; i < static_cast<int>(Compression::count); ++i) formats.push_back(static_cast<Compression>(i));
  return formats;
}

Compression any_format() {
  const Compression format = GENERATE(from_range(every_format()));
  UNSCOPED_INFO(name_of(format));
  return format;
}

std::string with_suffix(const std::string& name, Compression format) { return name + std::string(suffix_of(format)); }

template <typename Arguments>
std::optional<int> parse(const std::vector<std::string>& words, Arguments& arguments) {
  std::vector<const char*> argv;
  argv.reserve(words.size());
  for (const std::string& word : words) argv.push_back(word.c_str());
  const test::CapturedLog quiet(log::Level::warning);  // of the usage that a refusal prints
  return parse_arguments(static_cast<int>(argv.size()), argv.data(), arguments);
}

// The format that an option chooses; nullopt when the command refuses it.
std::optional<Compression> chosen_by_wal_archive(std::string_view option) {
  WalArchiveArguments arguments;
  const auto ended = parse({"barman-cloud-wal-archive", std::string(option), "s3://b", "main", "f"}, arguments);
  return ended ? std::nullopt : std::optional(arguments.compression);
}

std::optional<Compression> chosen_by_backup(std::string_view option) {
  BackupArguments arguments;
  const auto ended = parse({"barman-cloud-backup", std::string(option), "s3://b", "main"}, arguments);
  return ended ? std::nullopt : std::optional(arguments.options.compression);
}

std::string help_of_backup() {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stdout);
  const int saved = dup(STDOUT_FILENO);
  dup2(fileno(file), STDOUT_FILENO);
  BackupArguments arguments;
  const auto status = parse({"barman-cloud-backup", "--help"}, arguments);
  std::fflush(stdout);
  dup2(saved, STDOUT_FILENO);
  close(saved);
  CHECK(status == 0);
  std::rewind(file);
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

bool contains(std::span<const Compression> list, Compression format) {
  return std::count(list.begin(), list.end(), format) == 1;
}

}  // namespace

TEST_CASE("every format comes back from both compressors", "[codec]") {
  const Compression format = any_format();
  const std::string text = mixed_bytes(300000);
  CHECK((decompress(format, compress(format, text)) == text));
  Collect collected;
  const auto sink = make_backup_compressor(format, {}, 2, collected);
  feed(*sink, text);
  sink->finish();
  CHECK((decompress(format, collected.text) == text));
}

TEST_CASE("every format has a name and a suffix that lead back to it", "[codec]") {
  const Compression format = any_format();
  CHECK(compression_from_name(name_of(format)) == format);
  CHECK(compression_from_suffix(with_suffix(kSegment, format)) == format);
  CHECK(without_suffix(with_suffix(kSegment, format)) == kSegment);
}

TEST_CASE("WAL is found and restored in every format, so that none makes it seem absent", "[codec][wal]") {
  const Compression format = any_format();
  const test::Data content = test::make_segment(1U << 20U, 3);
  const test::Data stored = format == Compression::none ? content : test::compressed(format, content);
  const test::ScratchDirectory dir;
  for (const char* const partial : {"", ".partial"}) {
    FakeStore store;
    store.add(with_suffix(kFolder + kSegment + partial, format), stored);
    const auto found = find_wal_objects(store, kLayout, *WalName::parse(kSegment), PartialFallback::yes);
    REQUIRE(found.size() == 1);
    CHECK(found[0].compression == format);
    const WalRestoreRequest request{*WalName::parse(kSegment), dir / "RECOVERYXLOG", false, 0, "", ""};
    CHECK(restore_wal(store, kLayout, request) == WalRestoreOutcome::restored);
    CHECK(test::read_data(dir / "RECOVERYXLOG") == content);
  }
}

TEST_CASE("WAL in every format counts when the archive must not hold it yet", "[codec][wal]") {
  const Compression format = any_format();
  FakeStore store;
  store.add(with_suffix(kFolder + kSegment, format), {});
  CHECK_THROWS_AS(check_wal_archive(store, kLayout, std::nullopt), Error);
  const auto from = find_wal_objects_from(store, kLayout, *WalName::parse("000000010000000000000001"));
  CHECK(from.later == std::set<std::string>{kSegment});
}

TEST_CASE("of several forms of a WAL file the one that costs the least is read first, whole ones before partial ones",
          "[codec][wal]") {
  FakeStore store;
  for (const Compression format : every_format()) {
    store.add(with_suffix(kFolder + kSegment, format), {});
    store.add(with_suffix(kFolder + kSegment + ".partial", format), {});
  }
  std::vector<std::string> names;
  for (const WalObject& object : find_wal_objects(store, kLayout, *WalName::parse(kSegment), PartialFallback::yes)) {
    names.push_back(object.key.substr(kFolder.size() + kSegment.size()));
  }
  CHECK(names == std::vector<std::string>{"", ".zst", ".lz4", ".snappy", ".gz", ".xz", ".bz2", ".partial",
                                          ".partial.zst", ".partial.lz4", ".partial.snappy", ".partial.gz",
                                          ".partial.xz", ".partial.bz2"});
}

TEST_CASE("archives are restored in every format that a backup can have", "[codec][archives]") {
  const Compression format = any_format();
  const test::CapturedLog quiet(log::Level::warning);
  const bool written = format == Compression::none || contains(backup_compressions(), format);
  const auto sets = find_archives({}, {{with_suffix("data.tar", format), 1}});
  REQUIRE(sets.size() == 1);
  REQUIRE(sets[0].archives.size() == (written ? 1 : 0));
  if (written) CHECK(sets[0].archives[0].compression == format);
}

TEST_CASE("the option of every format chooses it, in the commands that write it", "[codec][options]") {
  const Compression format = any_format();
  if (format == Compression::none) return;  // no option: the default
  const CompressionOption option = option_of(format);
  CHECK(option.name == "--" + std::string(name_of(format)));
  const bool for_wal = contains(wal_archive_compressions(), format),
             for_backups = contains(backup_compressions(), format);
  CHECK((for_wal || for_backups));
  for (const std::string_view name : {option.name, option.short_name}) {
    if (name.empty()) continue;
    CHECK(chosen_by_wal_archive(name) == (for_wal ? std::optional(format) : std::nullopt));
    CHECK(chosen_by_backup(name) == (for_backups ? std::optional(format) : std::nullopt));
  }
}

TEST_CASE("the help of --compression-threads names the formats that use several threads", "[codec][options]") {
  const std::string help = help_of_backup();
  const std::size_t begin = help.find("\n  --compression-threads ");
  REQUIRE(begin != std::string::npos);
  const std::string option = help.substr(begin, help.find("\n  --", begin + 1) - begin);
  const Compression format = any_format();
  CHECK((option.find(" " + std::string(name_of(format))) != std::string::npos) ==
        (codec_of(format).make_parallel_compressor != nullptr));
}
