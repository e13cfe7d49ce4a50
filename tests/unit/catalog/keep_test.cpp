#include "support/catch.h"
#include "support/samples.h"
#include "unit/catalog/catalog_fixture.h"

#include <tapster/backup_catalog.h>
#include <tapster/error.h>

#include <string>

using namespace tapster;
using test::CatalogFixture;

namespace {

constexpr const char* kId = "20260101T000000";

struct KeepFixture : CatalogFixture {
  KeepFixture() { add_backup(kId, "status=DONE\n"); }

  // As read for the whole catalogue, which must be the same as read alone.
  std::optional<Keep> keep_in_catalog() {
    BackupCatalog catalog = BackupCatalog::read(store, layout);
    catalog.read_keeps(store, layout);
    auto keep = catalog.backups().at(0).keep;
    const auto alone = read_keep(store, layout, kId);
    REQUIRE(alone.has_value() == keep.has_value());
    if (keep) CHECK(alone->target == keep->target);
    if (keep) CHECK(alone->text == keep->text);
    return keep;
  }
};

}  // namespace

TEST_CASE("the first line of an annotation tells what is kept", "[catalog][keep]") {
  const struct {
    std::string annotation;
    KeepTarget target;
    std::string text;
  } cases[] = {
      {test::sample("annotation-keep.full"), KeepTarget::full, "full"},
      {test::sample("annotation-keep.standalone"), KeepTarget::standalone, "standalone"},
      {"standalone\nfull\n", KeepTarget::standalone, "standalone"},
      {"Full", KeepTarget::other, "Full"},
      {"full ", KeepTarget::other, "full "},
      {"", KeepTarget::other, ""},
  };
  for (const auto& item : cases) {
    INFO(item.annotation);
    KeepFixture fixture;
    fixture.keep(kId, item.annotation);
    const auto keep = fixture.keep_in_catalog();
    REQUIRE(keep);
    CHECK(keep->target == item.target);
    CHECK(keep->text == item.text);
  }
}

TEST_CASE("a backup without an annotation is not kept", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.add("p/srv/base/20260101T000000/annotations/other", "full");
  CHECK_FALSE(fixture.keep_in_catalog());
}

TEST_CASE("an annotation under the key with two slashes counts as well", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.keep_slashed(kId, "standalone");
  CHECK(fixture.keep_in_catalog()->target == KeepTarget::standalone);
  fixture.keep(kId, "full");
  CHECK(fixture.keep_in_catalog()->target == KeepTarget::full);
}

TEST_CASE("of two annotations the one that keeps more counts", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.keep(kId, "standalone");
  fixture.keep_slashed(kId, "odd");
  CHECK(fixture.keep_in_catalog()->text == "odd");
  fixture.keep_slashed(kId, "standalone");
  CHECK(fixture.keep_in_catalog()->text == "standalone");
}

TEST_CASE("without a path in the URL there is one key", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.layout = ArchiveLayout("", "srv");
  CHECK_FALSE(read_keep(fixture.store, fixture.layout, kId));
  write_keep(fixture.store, fixture.layout, kId, KeepTarget::full);
  CHECK(fixture.text_at("srv/base/20260101T000000/annotations/keep") == "full");
  release_keep(fixture.store, fixture.layout, kId);
  CHECK(fixture.text_at("srv/base/20260101T000000/annotations/keep") == "absent");
  CHECK(fixture.store.count("remove") == 1);
}

TEST_CASE("an annotation is written without a line break, under the normal key", "[catalog][keep]") {
  KeepFixture fixture;
  write_keep(fixture.store, fixture.layout, kId, KeepTarget::standalone);
  CHECK(fixture.text_at(fixture.layout.keep_key(kId)) == "standalone");
  write_keep(fixture.store, fixture.layout, kId, KeepTarget::full);
  CHECK(fixture.text_at(fixture.layout.keep_key(kId)) == "full");
  CHECK(fixture.text_at("p//srv/base/20260101T000000/annotations/keep") == "absent");
}

TEST_CASE("a second annotation follows the first", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.keep_slashed(kId, "full");
  write_keep(fixture.store, fixture.layout, kId, KeepTarget::standalone);
  CHECK(fixture.text_at("p//srv/base/20260101T000000/annotations/keep") == "standalone");
  CHECK(fixture.keep_in_catalog()->target == KeepTarget::standalone);
}

TEST_CASE("releasing removes both annotations", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.keep(kId, "full");
  fixture.keep_slashed(kId, "full");
  release_keep(fixture.store, fixture.layout, kId);
  CHECK_FALSE(fixture.keep_in_catalog());
  release_keep(fixture.store, fixture.layout, kId);
}

TEST_CASE("an annotation that vanishes after the listing keeps nothing", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.keep(kId, "full");
  BackupCatalog catalog = BackupCatalog::read(fixture.store, fixture.layout);
  fixture.store.erase(fixture.layout.keep_key(kId));
  catalog.read_keeps(fixture.store, fixture.layout);
  CHECK_FALSE(catalog.backups().at(0).keep);
}

TEST_CASE("an annotation that cannot be read is a failure", "[catalog][keep]") {
  KeepFixture fixture;
  fixture.keep(kId, "full");
  BackupCatalog catalog = BackupCatalog::read(fixture.store, fixture.layout);
  fixture.store.before = [](const std::string& operation, const std::string&) {
    if (operation == "get") throw test::FakeStore::refusal(operation, 403);
  };
  CHECK_THROWS_AS(catalog.read_keeps(fixture.store, fixture.layout), StoreError);
  CHECK_THROWS_AS(read_keep(fixture.store, fixture.layout, kId), StoreError);
  fixture.store.before = nullptr;
  fixture.keep(kId, std::string(100000, 'x'));
  CHECK_THROWS_WITH(read_keep(fixture.store, fixture.layout, kId), ContainsSubstring("is larger than 65536 bytes"));
}
