#include "support/captured_log.h"
#include "support/catch.h"

#include <tapster/backup_archives.h>

#include <string>
#include <vector>

using namespace tapster;

namespace {

std::vector<ObjectEntry> folder(const std::vector<std::string>& names) {
  std::vector<ObjectEntry> entries;
  entries.reserve(names.size());
  for (const std::string& name : names) entries.push_back({name, name.size()});
  return entries;
}

std::vector<std::string> names(const ArchiveSet& set) {
  std::vector<std::string> found;
  found.reserve(set.archives.size());
  for (const BackupArchive& archive : set.archives) found.push_back(archive.name);
  return found;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("PGDATA's archives come first, then those of each tablespace", "[catalog][archives]") {
  BackupInfo info;
  info.tablespaces = {{"b", 16390, "/b"}, {"a", 16385, "/a"}};
  const auto sets = find_archives(
      info, folder({"16385.tar", "16385_0001.tar", "163850.tar", "16390.tar.gz", "backup.info", "annotations/keep",
                    "data.tar.gz", "data_0001.tar.gz", "data_0002.tar", "dataX.tar", "data", "data_x/y.tar"}));
  REQUIRE(sets.size() == 3);
  CHECK_FALSE(sets[0].tablespace);
  CHECK(sets[0].base_name() == "data");
  CHECK(names(sets[0]) == Names{"data.tar.gz", "data_0001.tar.gz", "data_0002.tar"});
  CHECK(sets[0].archives[0].compression == Compression::gzip);
  CHECK(sets[0].archives[0].size == 11);
  CHECK(sets[0].archives[2].compression == Compression::none);
  CHECK(sets[1].tablespace == 16390U);
  CHECK(names(sets[1]) == Names{"16390.tar.gz"});
  CHECK(names(sets[2]) == Names{"16385.tar", "16385_0001.tar"});
  for (const ArchiveSet& set : sets) CHECK(set.complete);
}

TEST_CASE("the compression of an archive follows from its suffix", "[catalog][archives]") {
  const struct {
    const char* name;
    Compression compression;
  } cases[] = {{"data.tar", Compression::none},      {"data.tar.gz", Compression::gzip},
               {"data.tar.bz2", Compression::bzip2}, {"data.tar.snappy", Compression::snappy},
               {"data.tar.lz4", Compression::lz4},   {"data.tar.zst", Compression::zstd}};
  for (const auto& item : cases) {
    INFO(item.name);
    const auto sets = find_archives({}, folder({item.name}));
    REQUIRE(sets.at(0).archives.size() == 1);
    CHECK(sets[0].archives[0].compression == item.compression);
  }
}

TEST_CASE("archives of unknown forms are named and ignored", "[catalog][archives]") {
  const test::CapturedLog log(log::Level::warning);
  const auto sets = find_archives({}, folder({"data.tar.xz", "data.txt", "data_0001", "data.", "data_0002.tar"}));
  CHECK(names(sets.at(0)) == Names{"data_0002.tar"});
  CHECK_FALSE(sets[0].complete);
  for (const char* name : {"data.tar.xz", "data.txt", "data_0001", "data."}) {
    CHECK_THAT(log.text(), ContainsSubstring(std::string("WARNING: Ignoring ") + name + ":"));
  }
}

TEST_CASE("a set without its main archive is incomplete", "[catalog][archives]") {
  BackupInfo info;
  info.tablespaces = {{"a", 16385, "/a"}};
  const auto sets = find_archives(info, {});
  REQUIRE(sets.size() == 2);
  CHECK_FALSE(sets[0].complete);
  CHECK_FALSE(sets[1].complete);
}

TEST_CASE("of two main archives the last counts, with a warning", "[catalog][archives]") {
  const test::CapturedLog log(log::Level::warning);
  CHECK(names(find_archives({}, folder({"data.tar", "data.tar.gz"})).at(0)) == Names{"data.tar.gz"});
  CHECK_THAT(log.text(), ContainsSubstring("two main archives, data.tar and data.tar.gz"));
}
