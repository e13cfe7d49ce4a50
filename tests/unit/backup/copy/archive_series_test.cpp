#include "backup/copy/archive_series.h"

#include "support/catch.h"
#include "support/fake_store.h"

#include <tapster/error.h>

#include <string>

using namespace tapster;
using namespace tapster::test;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;
const ArchiveLayout kLayout("pg", "main");

ArchiveSettings settings_for(const FakeStore& store) {
  ArchiveSettings settings;
  settings.id = "20260101T000000";
  settings.limits = store.limits();
  return settings;
}

void add(ArchiveSeries& series, const std::string& name, std::uint64_t size) {
  TarWriter& writer = series.writer_for(size);
  TarMember member;
  member.name = name;
  member.size = size;
  writer.begin(member);
  const std::string content(kMiB, 'x');
  for (std::uint64_t left = size; left > 0; left -= std::min<std::uint64_t>(left, kMiB)) {
    writer.write(std::as_bytes(std::span(content)).first(std::min<std::uint64_t>(left, kMiB)));
  }
  writer.end();
}

std::string key(const std::string& name) { return "pg/main/base/20260101T000000/" + name; }

}  // namespace

TEST_CASE("parts are large enough for the largest archive and one file beyond it") {
  ArchiveSettings settings;
  settings.limits = FakeStore().limits();
  const std::uint64_t usual = archive_part_size(settings);
  CHECK(usual * 10000 > settings.max_archive_size + 1024 * kMiB);
  CHECK(usual < 12 * kMiB);
  settings.max_parts = 1000;
  CHECK(archive_part_size(settings) * 1000 > settings.max_archive_size + 1024 * kMiB);
  settings.max_parts.reset();
  settings.max_archive_size = kMiB;
  CHECK(archive_part_size(settings) == 5 * kMiB);
  settings.min_part_size = 32 * kMiB;
  CHECK(archive_part_size(settings) == 32 * kMiB);
  settings.max_archive_size = std::uint64_t{1} << 60U;  // counts as 1 TiB
  CHECK(archive_part_size(settings) < 128 * kMiB);
  CHECK(archive_part_size(settings, std::uint64_t{4} << 40U) * 10000 >= std::uint64_t{4} << 40U);
}

TEST_CASE("where an archive may have few parts it is smaller, so that its parts are not too large") {
  ArchiveSettings settings;
  settings.limits = FakeStore().limits();
  settings.max_archive_size = std::uint64_t{100} << 30U;
  const std::uint64_t most = 1000 * 32 * kMiB;
  SECTION("many parts") {
    settings.max_archive_size = std::uint64_t{1} << 40U;
    CHECK(wanted_archive_size(settings) == settings.max_archive_size);
    return;
  }
  SECTION("fewer than a smallest archive needs: its size is what was asked for") {
    settings.max_parts = 10;
    CHECK(wanted_archive_size(settings) == settings.max_archive_size);
    return;
  }
  SECTION("by the store") { settings.limits.max_parts = 1000; }
  SECTION("by the settings") { settings.max_parts = 1000; }
  SECTION("by both") {
    settings.limits.max_parts = 1000;
    settings.max_parts = 5000;
  }
  CHECK(wanted_archive_size(settings) < most);
  CHECK(wanted_archive_size(settings) > most * 9 / 10);
  settings.max_archive_size = wanted_archive_size(settings);
  CHECK(archive_part_size(settings) <= 32 * kMiB);
  CHECK(archive_part_size(settings) * 1000 > settings.max_archive_size);
  settings.max_archive_size = kMiB;
  CHECK(wanted_archive_size(settings) == kMiB);
}

TEST_CASE("an archive that has grown beyond the limit is followed by another, between two members") {
  FakeStore store;
  ArchiveSettings settings = settings_for(store);
  settings.max_archive_size = 2 * kMiB;
  UploadQueue queue(store, 2, nullptr, {});
  ArchiveSeries series(queue, kLayout, settings, "data");
  for (const char* name : {"a", "b", "c", "d", "e", "f", "g"}) add(series, name, kMiB);
  const SeriesStatistics statistics = series.finish();
  CHECK(statistics.archives == 4);
  CHECK(statistics.ended >= statistics.began);
  std::uint64_t bytes = 0;
  for (const char* name : {"data.tar", "data_0001.tar", "data_0002.tar", "data_0003.tar"}) {
    const auto object = store.find(key(name));
    REQUIRE(object);
    CHECK(object->size % 10240 == 0);  // a whole archive
    bytes += object->size;
  }
  CHECK(statistics.bytes == bytes);
  CHECK(store.open_uploads() == 0);
}

TEST_CASE("a file that would not fit into the parts of an archive gets one of its own, with larger parts") {
  FakeStore store;
  store.limit.min_part_size = 1;
  store.limit.max_parts = 300;
  store.keeps_data = false;
  ArchiveSettings settings = settings_for(store);
  settings.max_archive_size = kMiB;
  const std::uint64_t capacity = archive_part_size(settings) * 300;
  UploadQueue queue(store, 1, nullptr, {});
  ArchiveSeries series(queue, kLayout, settings, "data");
  add(series, "small", 10);
  add(series, "large", capacity);
  CHECK(series.finish().archives == 2);
  CHECK(store.largest_part() > capacity / 300);
}

TEST_CASE("a tree without any member still is an archive") {
  FakeStore store;
  const ArchiveSettings settings = settings_for(store);
  UploadQueue queue(store, 1, nullptr, {});
  ArchiveSeries series(queue, kLayout, settings, "16385");
  CHECK(series.finish().archives == 1);
  CHECK(store.find(key("16385.tar")));
}

TEST_CASE("an archive that cannot be completed is an error of the next call, and nothing is left open") {
  FakeStore store;
  store.before = [](const std::string& operation, const std::string&) {
    if (operation == "complete") throw FakeStore::refusal("CompleteMultipartUpload", 403);
  };
  const ArchiveSettings settings = settings_for(store);
  {
    UploadQueue queue(store, 1, nullptr, {});
    ArchiveSeries series(queue, kLayout, settings, "data");
    add(series, "a", 10);
    series.close();
    CHECK_THROWS_AS(series.finish(), Error);
  }
  CHECK(store.open_uploads() == 0);
  CHECK_FALSE(store.find(key("data.tar")));
}

TEST_CASE("an archive that is given up is aborted") {
  FakeStore store;
  const ArchiveSettings settings = settings_for(store);
  {
    UploadQueue queue(store, 1, nullptr, {});
    ArchiveSeries series(queue, kLayout, settings, "data");
    add(series, "a", 40 * kMiB);
  }
  CHECK(store.count("begin") == 1);
  CHECK(store.open_uploads() == 0);
  CHECK_FALSE(store.find(key("data.tar")));
}
