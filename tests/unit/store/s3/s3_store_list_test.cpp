#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

std::string page(const std::string& inside) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
         "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
         inside + "</ListBucketResult>";
}
std::string entry(const std::string& key, int size = 1) {
  return "<Contents><Key>" + key + "</Key><Size>" + std::to_string(size) + "</Size></Contents>";
}
std::string more(const std::string& token) {
  return "<IsTruncated>true</IsTruncated><NextContinuationToken>" + token + "</NextContinuationToken>";
}

std::vector<std::string> keys_of(S3World& world, const ListOptions& options = {}) {
  std::vector<std::string> keys;
  world.store().list("p/", options, [&](const ListPage& listed) {
    for (const ObjectEntry& object : listed.objects) keys.push_back(object.key);
    for (const std::string& prefix : listed.prefixes) keys.push_back(prefix + "*");
    return true;
  });
  return keys;
}

}  // namespace

TEST_CASE("a listing goes on to its last page") {
  S3World world;
  world.http.answer(200, page(entry("p/a", 5) + more("t+/="))).answer(200, page(entry("p/b") + more("u")));
  world.http.answer(200, page(entry("p/c") + "<IsTruncated>false</IsTruncated>"));
  CHECK(keys_of(world) == std::vector<std::string>{"p/a", "p/b", "p/c"});
  const auto sent = world.sent();
  CHECK(sent[0].url == "http://s3.test/b?list-type=2&prefix=p%2F&encoding-type=url");
  CHECK(sent[1].url == sent[0].url + "&continuation-token=t%2B%2F%3D");
  CHECK(sent[2].url == sent[0].url + "&continuation-token=u");
}

TEST_CASE("sizes, folders and page sizes") {
  S3World world;
  world.http.answer(200, page(entry("p/a", 123456) + "<CommonPrefixes><Prefix>p/f/</Prefix></CommonPrefixes>"));
  ListOptions options;
  options.by_folder = true;
  options.page_size = 2;
  world.store().list("p/", options, [](const ListPage& listed) {
    CHECK(listed.objects.at(0).size == 123456);
    CHECK(listed.prefixes == std::vector<std::string>{"p/f/"});
    return true;
  });
  CHECK_THAT(world.last().url, ContainsSubstring("&delimiter=%2F&max-keys=2"));
}

TEST_CASE("an empty listing") {
  S3World world;
  world.http.answer(200, page("<KeyCount>0</KeyCount><IsTruncated>false</IsTruncated>"));
  CHECK(keys_of(world).empty());
}

TEST_CASE("keys are decoded when the store says that it has encoded them") {
  S3World world;
  const std::string inside = entry("p/a+b%2Bc%20d%C3%A9") + "<CommonPrefixes><Prefix>p/x+y/</Prefix></CommonPrefixes>";
  SECTION("encoded") {
    world.http.answer(200, page("<EncodingType>url</EncodingType>" + inside));
    CHECK(keys_of(world) == std::vector<std::string>{"p/a b+c d\xC3\xA9", "p/x y/*"});
  }
  SECTION("as they are") {
    world.http.answer(200, page(inside));
    CHECK(keys_of(world) == std::vector<std::string>{"p/a+b%2Bc%20d%C3%A9", "p/x+y/*"});
  }
}

TEST_CASE("the caller may have enough") {
  S3World world;
  world.http.answer(200, page(entry("p/a") + more("t")));
  int pages = 0;
  world.store().list("p/", {}, [&](const ListPage&) {
    ++pages;
    return false;
  });
  CHECK(pages == 1);
  CHECK(world.requests() == 1);
}

TEST_CASE("what is not a listing is an error, not an empty one") {
  S3World world;
  SECTION("a proxy's page") {
    world.http.answer(200, "<html><body>Log in</body></html>");
    CHECK(failure_of([&] { keys_of(world); }) ==
          "network: ListObjectsV2: the store's answer is not a listing: <html><body>Log in</body></html>");
  }
  SECTION("nothing") {
    world.http.answer(200);
    CHECK_THAT(failure_of([&] { keys_of(world); }), ContainsSubstring("network: ListObjectsV2: "));
  }
  SECTION("half of one") {
    world.http.answer(200, page(entry("p/a")).substr(0, 150));
    CHECK_THAT(failure_of([&] { keys_of(world); }), ContainsSubstring("network: ListObjectsV2: "));
  }
  SECTION("an error with status 200") {
    world.http.answer(200, s3_error("AccessDenied"));
    CHECK_THAT(failure_of([&] { keys_of(world); }), ContainsSubstring("general: An error occurred (AccessDenied)"));
  }
  SECTION("no bucket") {
    world.http.answer(404, s3_error("NoSuchBucket"));
    CHECK_THAT(failure_of([&] { keys_of(world); }), ContainsSubstring("general: An error occurred (NoSuchBucket)"));
  }
  SECTION("a page that does not say how to go on") {
    world.http.answer(200, page(entry("p/a") + "<IsTruncated>true</IsTruncated>"));
    CHECK(failure_of([&] { keys_of(world); }) ==
          "network: ListObjectsV2: a page of the listing does not say how to go on");
  }
}
