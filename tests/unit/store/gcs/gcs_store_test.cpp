// Objects' properties, absence, listings, and the bucket itself.
#include "store/gcs/wire/object_stat.h"
#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test;
using namespace tapster::test::gcs;

namespace {

std::vector<std::string> keys_of(GcsWorld& world, const std::string& prefix, const ListOptions& options = {}) {
  std::vector<std::string> keys;
  world.store().list(prefix, options, [&](const ListPage& page) {
    for (const auto& object : page.objects) keys.push_back(object.key);
    for (const auto& folder : page.prefixes) keys.push_back(folder);
    return true;
  });
  return keys;
}

}  // namespace

TEST_CASE("GCS: CRC-32C is written as four bytes, the highest first") {
  CHECK(crc32c_text(0xe3069283) == "4waSgw==");
  CHECK(parse_crc32c("4waSgw==") == 0xe3069283);
  for (const char* text : {"", "4waSg", "4waSgwA=", "????"}) CHECK_FALSE(parse_crc32c(text));
  CHECK(crc32c_in({{"X-Goog-Hash", "crc32c=4waSgw==,md5=abc"}}) == 0xe3069283);
  CHECK(crc32c_in({{"x-goog-hash", "md5=abc, crc32c=4waSgw=="}}) == 0xe3069283);
  CHECK(crc32c_in({{"x-goog-hash", "md5=abc"}, {"x-goog-hash", "crc32c=4waSgw=="}}) == 0xe3069283);
  CHECK_FALSE(crc32c_in({{"x-goog-hash", "md5=abc"}, {"other", "crc32c=4waSgw=="}}));
}

TEST_CASE("GCS: an object's properties are read out of its resource") {
  GcsWorld world;
  world.http.answer(200, R"({"name":"k","size":"12345678901","generation":"17","crc32c":"4waSgw==",)"
                         R"("metadata":{"a":"b","tapster-sha256":"00","odd":1}})");
  const auto stat = world.store().stat("k");
  REQUIRE(stat);
  CHECK(stat->size == 12345678901);
  CHECK(stat->etag == "17");
  CHECK(stat->crc32c == 0xe3069283);
  CHECK(stat->metadata == Metadata{{"a", "b"}, {"tapster-sha256", "00"}});
  CHECK_FALSE(stat->retain_until);
  CHECK_FALSE(stat->legal_hold);
  CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o/k");
}

TEST_CASE("GCS: retention is the later of the bucket's and the object's, and both kinds of hold are one") {
  GcsWorld world;
  world.http
      .answer(200, R"({"retentionExpirationTime":"2030-01-01T00:00:00Z","temporaryHold":true,)"
                   R"("retention":{"mode":"Locked","retainUntilTime":"2031-01-01T00:00:00Z"}})")
      .answer(200, R"({"retentionExpirationTime":"2030-01-01T00:00:00Z","eventBasedHold":true})")
      .answer(200, R"({"temporaryHold":false,"retention":"odd"})");
  const auto both = world.store().stat("k");
  CHECK(both->retain_until == parse_rfc3339("2031-01-01T00:00:00Z"));
  CHECK(both->legal_hold);
  const auto bucket = world.store().stat("k");
  CHECK(bucket->retain_until == parse_rfc3339("2030-01-01T00:00:00Z"));
  CHECK(bucket->legal_hold);
  const auto none = world.store().stat("k");
  CHECK_FALSE(none->retain_until);
  CHECK_FALSE(none->legal_hold);
}

TEST_CASE("GCS: absence is what the service says in its own words") {
  GcsWorld world;
  world.http.answer(404, kNoObject);
  CHECK_FALSE(world.store().stat("k"));
  CHECK(world.requests() == 1);
}

TEST_CASE("GCS: a 404 that does not say what is missing is settled by a listing") {
  GcsWorld world;
  world.http.answer(404, GENERATE(as<std::string>(), kFrontPage, json_error(404, "notFound", "Not Found")));
  const auto stat = [&] { return world.store().stat("k"); };
  SECTION("the object is not there") {
    world.http.answer(200, GENERATE("{}", R"({"items":[{"name":"k2"}]})"));
    CHECK_FALSE(stat());
    CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o?prefix=k&maxResults=1&fields=items%28name%29");
  }
  SECTION("it is, so the 404 was somebody else's") {
    world.http.answer(200, R"({"items":[{"name":"k"}]})");
    CHECK_THAT(death_of(stat), ContainsSubstring("general: objects.get failed"));
  }
  SECTION("the bucket is not there") {
    world.http.answer(404, kNoBucket);
    CHECK_THAT(death_of(stat), ContainsSubstring("the bucket does not exist"));
  }
  SECTION("nobody may list") {
    world.http.answer(403, json_error(403, "forbidden", "no list"));
    CHECK_THAT(death_of(stat), ContainsSubstring("general: objects.list failed (forbidden)"));
  }
  SECTION("the listing is none") {
    world.http.answer(200, "<html/>");
    CHECK(death_of(stat) == "network: objects.list: the store's answer is not what was asked for: <html/>");
  }
}

TEST_CASE("GCS: what proves nothing is an error") {
  GcsWorld world;
  SECTION("no bucket") {
    world.http.answer(404, kNoBucket);
    CHECK_THAT(death_of([&] { world.store().stat("k"); }), ContainsSubstring("general: objects.get failed (notFound)"));
  }
  SECTION("no permission") {
    world.http.answer(403, json_error(403, "forbidden", "no"));
    CHECK_THAT(death_of([&] { world.store().stat("k"); }), ContainsSubstring("(forbidden)"));
  }
  SECTION("no resource") {
    world.http.answer(200, "[]");
    CHECK_THAT(death_of([&] { world.store().stat("k"); }),
               ContainsSubstring("network: objects.get: the store's answer"));
  }
}

TEST_CASE("GCS: a listing goes on from page to page") {
  GcsWorld world;
  world.http
      .answer(200, R"({"nextPageToken":"t/+","items":[{"name":"p/a","size":"3","updated":"2024-01-01T00:00:00.5Z"}]})")
      .answer(200, R"({"nextPageToken":"u"})")
      .answer(200, R"({"items":[{"name":"p/b","size":"4"},{"odd":1},2],"prefixes":["p/c/",3]})");
  std::vector<ObjectEntry> objects;
  std::vector<std::string> prefixes;
  world.store().list("p/", {}, [&](const ListPage& page) {
    objects.insert(objects.end(), page.objects.begin(), page.objects.end());
    prefixes.insert(prefixes.end(), page.prefixes.begin(), page.prefixes.end());
    return true;
  });
  REQUIRE(objects.size() == 2);
  CHECK(objects[0].key == "p/a");
  CHECK(objects[0].size == 3);
  CHECK(objects[0].modified);
  CHECK(objects[1].key == "p/b");
  CHECK_FALSE(objects[1].modified);
  CHECK(prefixes == std::vector<std::string>{"p/c/"});
  const std::string first =
      "http://gcs.test/storage/v1/b/b/o?fields=nextPageToken%2Cprefixes%2Citems%28name%2Csize%2Cupdated%29&prefix=p%2F";
  CHECK(world.sent()[0].url == first);
  CHECK(world.sent()[1].url == first + "&pageToken=t%2F%2B");
  CHECK(world.sent()[2].url == first + "&pageToken=u");
}

TEST_CASE("GCS: a listing begins behind a key, by folder, in pages of a size") {
  GcsWorld world;
  world.http.answer(200, R"({"items":[{"name":"k"},{"name":"k2"}]})").answer(200, "{}");
  ListOptions options;
  options.start_after = "k";
  options.page_size = 7;
  CHECK(keys_of(world, "", options) == std::vector<std::string>{"k2"});
  CHECK_THAT(world.last().url, ContainsSubstring("maxResults=7") && ContainsSubstring("startOffset=k") &&
                                   !ContainsSubstring("delimiter") && !ContainsSubstring("prefix="));
  options = {};
  options.by_folder = true;
  CHECK(keys_of(world, "f/", options).empty());
  CHECK_THAT(world.last().url, ContainsSubstring("delimiter=%2F"));
}

TEST_CASE("GCS: a listing that cannot go on, or is none, is an error") {
  GcsWorld world;
  SECTION("the same page for ever") {
    world.http.answer(200, R"({"nextPageToken":"t"})").answer(200, R"({"nextPageToken":"t"})");
    CHECK(death_of([&] { keys_of(world, ""); }) ==
          "network: objects.list: a page of the listing does not say how to go on");
  }
  SECTION("a proxy's page") {
    world.http.answer(200, "<html>Log in</html>");
    CHECK_THAT(death_of([&] { keys_of(world, ""); }), ContainsSubstring("network: objects.list: the store's answer"));
  }
  SECTION("no bucket") {
    world.http.answer(404, kNoBucket);
    CHECK_THAT(death_of([&] { keys_of(world, ""); }), ContainsSubstring("general: objects.list failed (notFound)"));
  }
}

TEST_CASE("GCS: whether the bucket is there is asked by a listing, which every role may do") {
  GcsWorld world;
  const auto exists = [&] { return world.store().container_exists(); };
  SECTION("it is") {
    world.http.answer(200, "{}");
    CHECK(exists());
    CHECK(world.last().url == "http://gcs.test/storage/v1/b/b/o?maxResults=1&fields=kind");
  }
  SECTION("it is not") {
    world.http.answer(404, GENERATE(as<std::string>(), kNoBucket, json_error(404, "notFound", "Not Found")));
    CHECK_FALSE(exists());
  }
  SECTION("somebody else answers") {
    world.http.answer(404, kFrontPage);
    CHECK_THAT(death_of(exists), ContainsSubstring("general: objects.list failed (404)"));
  }
  SECTION("no permission") {
    world.http.answer(403, json_error(403, "forbidden", "no"));
    CHECK_THAT(death_of(exists), ContainsSubstring("(forbidden)"));
  }
}

TEST_CASE("GCS: a bucket is made in the caller's project") {
  GcsWorld world;
  const auto create = [&] { world.store().create_container(); };
  SECTION("made") {
    world.http.answer(200, "{}");
    create();
    CHECK(world.last().method == "POST");
    CHECK(world.last().url == "http://gcs.test/storage/v1/b?project=p&fields=name");
    CHECK(world.last().body == R"({"name":"b"})");
    CHECK(world.last().header("Content-Type") == "application/json");
  }
  SECTION("it is there, and usable") {
    world.http.answer(409, json_error(409, "conflict", "you already own it")).answer(200, "{}");
    create();
  }
  SECTION("it is somebody else's") {
    world.http.answer(409, json_error(409, "conflict", "The requested bucket name is not available."))
        .answer(403, json_error(403, "forbidden", "no"));
    CHECK_THAT(death_of(create), ContainsSubstring("general: "));
  }
  SECTION("it comes and goes") {
    world.http.answer(409, json_error(409, "conflict", "taken")).answer(404, kNoBucket);
    CHECK_THAT(death_of(create), ContainsSubstring("general: buckets.insert failed (conflict): taken"));
  }
  SECTION("no project") {
    world.identity.project = "";
    CHECK_THAT(death_of(create), ContainsSubstring("Set GOOGLE_CLOUD_PROJECT"));
  }
  SECTION("no project, at an emulator") {
    world.identity.project = "";
    world.settings.emulator = true;
    world.http.answer(200, "{}");
    create();
    CHECK_THAT(world.last().url, ContainsSubstring("project=emulator"));
  }
  CHECK(world.http.answers_left() == 0);
}

TEST_CASE("GCS: limits and names are the service's") {
  GcsWorld world;
  const StoreLimits limits = world.store().limits();
  CHECK(limits.min_part_size == 5 << 20);
  CHECK(limits.max_part_size == std::uint64_t{5} << 30);
  CHECK(limits.max_parts == 10'000);
  CHECK(limits.max_remove_batch == 100);
  CHECK_FALSE(limits.put_splits);
  CHECK(world.store().capabilities().metadata);
  CHECK(world.store().describe("a/b") == "gs://b/a/b");
}
