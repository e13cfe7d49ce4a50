#include "support/catch.h"

#include <tapster/archive_layout.h>
#include <tapster/error.h>
#include <tapster/wal_name.h>

#include <string>

using namespace tapster;

TEST_CASE("the four kinds of WAL file names are told apart", "[wal][name]") {
  const struct {
    const char* text;
    WalName::Kind kind;
    std::uint32_t timeline;
    const char* folder;
  } cases[] = {
      {"000000010000000000000001", WalName::Kind::segment, 1, "0000000100000000"},
      {"0000000a0000000b0000000c", WalName::Kind::segment, 10, "0000000A0000000B"},
      {"000000010000000000000002.partial", WalName::Kind::partial, 1, "0000000100000000"},
      {"000000020000000100000002.00000028.backup", WalName::Kind::label, 2, "0000000200000001"},
      {"FFFFFFFF.history", WalName::Kind::history, 0xFFFFFFFF, ""},
  };
  for (const auto& item : cases) {
    INFO(item.text);
    const auto name = WalName::parse(item.text);
    REQUIRE(name);
    CHECK(name->text() == item.text);
    CHECK(name->kind() == item.kind);
    CHECK(name->timeline() == item.timeline);
    CHECK(name->hash_dir() == item.folder);
  }
}

TEST_CASE("what is nearly a WAL file name is none", "[wal][name]") {
  for (const char* text :
       {"", "00000001000000000000000", "0000000100000000000000011", "00000001000000000000000G",
        "000000010000000000000001\n", "000000010000000000000001.PARTIAL", "000000010000000000000001.gz",
        "000000010000000000000001.partial.gz", "000000010000000000000001.backup",
        "000000010000000000000001.0028.backup", "000000010000000000000001.00000028.backup.gz",
        "000000010000000000000001.", "00000002.History", "0000002.history", "00000002.history.gz",
        "x/000000010000000000000001", " 000000010000000000000001",
        "\xd9\xa0"
        "0000001000000000000000",
        "00000001000000000000000+"}) {
    INFO(text);
    CHECK_FALSE(WalName::parse(text));
  }
}

TEST_CASE("the next segment depends on the segment size", "[wal][name]") {
  const struct {
    const char* text;
    std::uint32_t segment_size;
    const char* next;
  } cases[] = {
      {"000000010000000000000001", 16U << 20U, "000000010000000000000002"},
      {"0000000100000000000000FF", 16U << 20U, "000000010000000100000000"},
      {"0000000100000000000000FF", 1U << 20U, "000000010000000000000100"},
      {"000000010000000000000FFF", 1U << 20U, "000000010000000100000000"},
      {"000000020000000A00000003", 1U << 30U, "000000020000000B00000000"},
      {"0000000a0000000b0000000c", 16U << 20U, "0000000A0000000B0000000D"},
  };
  for (const auto& item : cases) {
    INFO(item.text);
    CHECK(WalName::parse(item.text)->next(item.segment_size).text() == item.next);
  }
}

TEST_CASE("keys follow the layout of the archive", "[wal][layout]") {
  const struct {
    const char* name;
    Compression compression;
    const char* key;
  } cases[] = {
      {"000000010000000000000001", Compression::none, "0000000100000000/000000010000000000000001"},
      {"000000010000000000000001", Compression::gzip, "0000000100000000/000000010000000000000001.gz"},
      {"000000010000000000000002.partial", Compression::none, "0000000100000000/000000010000000000000002.partial"},
      {"000000010000000000000002.00000028.backup", Compression::zstd,
       "0000000100000000/000000010000000000000002.00000028.backup.zst"},
      {"00000002.history", Compression::none, "00000002.history"},
      {"00000002.history", Compression::gzip, "00000002.history.gz"},
      {"0000000a0000000b0000000c", Compression::none, "0000000A0000000B/0000000a0000000b0000000c"},
  };
  for (const auto& item : cases) {
    INFO(item.name);
    const auto name = WalName::parse(item.name);
    CHECK(ArchiveLayout("p/q", "srv").wal_key(*name, item.compression) == std::string("p/q/srv/wals/") + item.key);
  }
}

TEST_CASE("prefix and server name are joined with one slash", "[wal][layout]") {
  CHECK(ArchiveLayout("", "srv").wals_prefix() == "srv/wals/");
  CHECK(ArchiveLayout("p", "srv").wals_prefix() == "p/srv/wals/");
  CHECK(ArchiveLayout("p/", "srv").wals_prefix() == "p/srv/wals/");
  CHECK(ArchiveLayout("p//q", "a/b").wals_prefix() == "p//q/a/b/wals/");
  CHECK(ArchiveLayout("p", "").wals_prefix() == "p/wals/");
  CHECK_THROWS_AS(ArchiveLayout("p", "/srv"), Error);
}
