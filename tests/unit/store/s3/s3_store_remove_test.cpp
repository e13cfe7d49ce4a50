#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

std::string result(const std::string& inside = {}) {
  return "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + inside + "</DeleteResult>";
}
std::string failed(const std::string& key, const std::string& code) {
  return "<Error><Key>" + key + "</Key><Code>" + code + "</Code><Message>So</Message></Error>";
}

}  // namespace

TEST_CASE("several keys are deleted by one request") {
  S3World world;
  world.settings.checksums.uploads = true;
  SECTION("answered by an empty result") { world.http.answer(200, result()); }
  SECTION("answered by nothing") { world.http.answer(200); }
  CHECK(world.store().remove({"a", "b&<c>"}).empty());
  CHECK(world.last().method == "POST");
  CHECK(world.last().url == "http://s3.test/b?delete=");
  CHECK_THAT(world.last().body, ContainsSubstring("<Object><Key>a</Key></Object><Object><Key>b&amp;&lt;c&gt;</Key>"));
  CHECK(world.last().header("Content-MD5").size() == 24);
  CHECK_FALSE(world.last().header("x-amz-checksum-crc64nvme").empty());
}

TEST_CASE("nothing to delete is no request") {
  S3World world;
  CHECK(world.store().remove({}).empty());
  CHECK(world.requests() == 0);
}

TEST_CASE("a single key is deleted by itself") {
  S3World world;
  SECTION("there") { world.http.answer(204); }
  SECTION("gone already") { world.http.answer(404, s3_error("NoSuchKey")); }
  CHECK(world.store().remove({"a b"}).empty());
  CHECK(world.last().method == "DELETE");
  CHECK(world.last().url == "http://s3.test/b/a%20b");
}

TEST_CASE("a thousand keys at once, and no more") {
  S3World world;
  world.http.answer(200, result()).answer(200, result()).answer(204);
  std::vector<std::string> keys;
  for (int i = 0; i < 2001; ++i) keys.push_back("k" + std::to_string(i) + ".");
  CHECK(world.store().remove(keys).empty());
  const auto sent = world.sent();
  REQUIRE(sent.size() == 3);
  CHECK_THAT(sent[0].body, ContainsSubstring("k999.") && !ContainsSubstring("k1000."));
  CHECK_THAT(sent[1].body, ContainsSubstring("k1000.") && ContainsSubstring("k1999.") && !ContainsSubstring("k999."));
  CHECK(sent[2].method == "DELETE");
}

TEST_CASE("keys that could not be deleted are told, and those that were not there are not") {
  S3World world;
  world.http.answer(200, result(failed("a", "AccessDenied") + failed("b", "NoSuchKey") + failed("c", "InternalError")));
  const auto failures = world.store().remove({"a", "b", "c", "d"});
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].key == "a");
  CHECK(failures[0].reason == "AccessDenied: So");
  CHECK(failures[1].key == "c");
}

TEST_CASE("an answer that is no result is not taken for success") {
  S3World world;
  SECTION("an error with status 200") {
    world.http.answer(200, s3_error("AccessForbidden"));
    CHECK_THAT(failure_of([&] { world.store().remove({"a", "b"}); }), ContainsSubstring("(AccessForbidden)"));
  }
  SECTION("a proxy's page") {
    world.http.answer(200, "<html>Log in</html>");
    CHECK(failure_of([&] {
            world.store().remove({"a", "b"});
          }) == "network: DeleteObjects: the store's answer is not a result: <html>Log in</html>");
  }
  SECTION("text") {
    world.http.answer(200, "deleted");
    CHECK_THAT(failure_of([&] { world.store().remove({"a", "b"}); }), ContainsSubstring("network: DeleteObjects: "));
  }
}

TEST_CASE("a store that refuses to delete in bulk is remembered") {
  S3World world;
  SECTION("not implemented") { world.http.answer(501, s3_error("NotImplemented")); }
  SECTION("not allowed") { world.http.answer(405, s3_error("MethodNotAllowed")); }
  SECTION("no right to") { world.http.answer(403, s3_error("AccessDenied")); }
  SECTION("without a document") { world.http.answer(501); }
  world.http.answer(204).answer(403, s3_error("AccessDenied")).answer(204);
  const auto failures = world.store().remove({"a", "b", "c"});
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].key == "b");
  CHECK_THAT(failures[0].reason, ContainsSubstring("An error occurred (AccessDenied) when calling the DeleteObject"));
  world.http.answer(204).answer(204);
  CHECK(world.store().remove({"d", "e"}).empty());
  CHECK(world.requests() == 6);
  CHECK(world.last().method == "DELETE");
}

TEST_CASE("a bucket that is not there is an error") {
  S3World world;
  SECTION("in bulk") {
    world.http.answer(404, s3_error("NoSuchBucket"));
    CHECK_THAT(failure_of([&] { world.store().remove({"a", "b"}); }), ContainsSubstring("(NoSuchBucket)"));
  }
  SECTION("singly") {
    world.http.answer(404, s3_error("NoSuchBucket"));
    CHECK_THAT(failure_of([&] { world.store().remove({"a"}); }), ContainsSubstring("(NoSuchBucket)"));
  }
}
