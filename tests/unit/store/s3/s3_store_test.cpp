// stat, put, and the bucket itself.
#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

TEST_CASE("stat reads size, ETag and metadata out of a HEAD") {
  S3World world;
  world.http.answer(200, "", {{"Content-Length", "12"}, {"ETag", "\"e\""}, {"X-Amz-Meta-A-B", "c"}});
  const auto stat = world.store().stat("k");
  REQUIRE(stat);
  CHECK(stat->size == 12);
  CHECK(stat->etag == "\"e\"");
  CHECK(stat->metadata == Metadata{{"a-b", "c"}});
  CHECK(world.last().method == "HEAD");
}

TEST_CASE("a HEAD's 404 is looked into by a GET") {
  S3World world;
  world.http.answer(404);
  SECTION("absent") {
    world.http.answer(404, s3_error("NoSuchKey"));
    CHECK_FALSE(world.store().stat("k"));
    CHECK(world.last().method == "GET");
    CHECK(world.last().header("Range") == "bytes=0-0");
  }
  SECTION("the bucket is absent") {
    world.http.answer(404, s3_error("NoSuchBucket"));
    CHECK_THAT(failure_of([&] { world.store().stat("k"); }), ContainsSubstring("general: An error occurred (NoSuchBu"));
  }
  SECTION("a proxy's page") {
    world.http.answer(404, "<html>404</html>");
    CHECK_THAT(failure_of([&] { world.store().stat("k"); }), ContainsSubstring("general: An error occurred (404)"));
  }
  SECTION("there after all") {
    world.http.answer(GENERATE(206, 416), "0").answer(200, "", {{"Content-Length", "1"}});
    CHECK(world.store().stat("k")->size == 1);
  }
  SECTION("it comes and goes") {
    world.http.answer(206).answer(404).answer(206).answer(404).answer(206);
    CHECK_THAT(failure_of([&] { world.store().stat("k"); }),
               ContainsSubstring("general: An error occurred (404) when calling the HeadObject operation"));
    CHECK(world.requests() == 6);
  }
}

TEST_CASE("put sends the body, tags, metadata and encryption") {
  S3World world;
  world.settings.encryption = {{"x-amz-server-side-encryption", "AES256"}};
  world.http.answer(200);
  MemoryBody body("text");
  PutOptions options;
  options.tags = Tags{{"owner", "R&D = 50%+more"}, {"b c", ""}};
  options.metadata = {{"colour", "blue"}};
  CHECK(world.store().put("k", body, options) == PutResult::created);
  CHECK(world.last().method == "PUT");
  CHECK(world.last().body == "text");
  CHECK(world.last().header("x-amz-tagging") == "owner=R%26D%20%3D%2050%25%2Bmore&b%20c=");
  CHECK(world.last().header("x-amz-meta-colour") == "blue");
  CHECK(world.last().header("x-amz-server-side-encryption") == "AES256");
  CHECK(world.last().header("If-None-Match").empty());
}

TEST_CASE("an empty tag set is sent, an absent one is not") {
  S3World world;
  world.http.answer(200).answer(200);
  MemoryBody body("");
  PutOptions options;
  world.store().put("k", body, options);
  CHECK(find_header(world.last().headers, "x-amz-tagging") == nullptr);
  options.tags = Tags{};
  world.store().put("k", body, options);
  CHECK(find_header(world.last().headers, "x-amz-tagging") != nullptr);
}

TEST_CASE("where objects have no tags they are left out, with one warning") {
  S3World world;
  world.service.name = "Cloudflare R2";
  world.service.tags = false;
  const CapturedLog captured(log::Level::warning);
  world.http.answer(200).answer(200).answer(200).answer(200, "<X><UploadId>id</UploadId></X>");
  MemoryBody body("");
  PutOptions options;
  CHECK_FALSE(world.store().capabilities().tags);
  SECTION("no tags, no warning") {
    options.tags = GENERATE(std::optional<Tags>(), std::optional<Tags>(Tags{}));
    world.store().put("k", body, options);
    CHECK(captured.text().empty());
  }
  SECTION("tags") {
    options.tags = Tags{{"a", "b"}};
    for (const char* key : {"k", "l", "m"}) world.store().put(key, body, options);
    world.store().begin_upload("n", 5, options);
    CHECK_THAT(captured.text(), ContainsSubstring("WARNING: Cloudflare R2 has no object tags"));
    CHECK(captured.text().find("WARNING") == captured.text().rfind("WARNING"));
  }
  for (const SentRequest& request : world.sent()) CHECK(find_header(request.headers, "x-amz-tagging") == nullptr);
}

TEST_CASE("the parts of an upload are as many as the service takes") {
  S3World world;
  CHECK(world.store().limits().max_parts == 10'000);
  world.service.max_parts = 1'000;
  CHECK(world.store().limits().max_parts == 1'000);
  CHECK(world.store().capabilities().tags);
}

namespace {

struct PutWorld : S3World {
  PutResult create(WriteProtection protection = WriteProtection::checked_by_store) {
    MemoryBody body("text");
    PutOptions options;
    options.protection = protection;
    return store().put("k", body, options);
  }
  void absent() { http.answer(404).answer(404, s3_error("NoSuchKey")); }
  std::string methods() const {
    std::string text;
    for (const SentRequest& request : sent()) {
      text += request.method + (request.header("If-None-Match") == "*" ? "! " : " ");
    }
    return text;
  }
};

}  // namespace

TEST_CASE("create-only, where the condition is honoured, is one request") {
  PutWorld world;
  world.service.conditional_put = ConditionalPut::honoured;
  SECTION("created") {
    world.http.answer(200);
    CHECK(world.create() == PutResult::created);
  }
  SECTION("already there") {
    world.http.answer(412, s3_error("PreconditionFailed"));
    CHECK(world.create() == PutResult::already_exists);
  }
  CHECK(world.methods() == "PUT! ");
}

TEST_CASE("create-only, where nothing is known, looks first and sends the condition too") {
  PutWorld world;
  SECTION("there") {
    world.http.answer(200, "", {{"Content-Length", "1"}});
    CHECK(world.create() == PutResult::already_exists);
    CHECK(world.methods() == "HEAD ");
  }
  SECTION("absent") {
    world.absent();
    world.http.answer(200);
    CHECK(world.create() == PutResult::created);
    CHECK(world.methods() == "HEAD GET PUT! ");
  }
  SECTION("the caller has just listed, or has tested the condition") {
    world.http.answer(200);
    const auto protection = GENERATE(WriteProtection::listed_then_conditional, WriteProtection::listed_only,
                                     WriteProtection::tested_condition);
    CHECK(world.create(protection) == PutResult::created);
    CHECK(world.methods() == "PUT! ");
  }
  SECTION("the condition was heeded in a test and is refused now") {
    world.http.answer(501, s3_error("NotImplemented"));
    world.absent();
    world.http.answer(200);
    CHECK(world.create(WriteProtection::tested_condition) == PutResult::created);
    CHECK(world.methods() == "PUT! HEAD GET PUT ");
  }
  SECTION("somebody was faster") {
    world.absent();
    world.http.answer(412);
    CHECK(world.create() == PutResult::already_exists);
  }
}

TEST_CASE("create-only, where the condition is refused, only looks") {
  PutWorld world;
  world.service.conditional_put = ConditionalPut::refused;
  world.absent();
  world.http.answer(200).answer(200);
  CHECK(world.create() == PutResult::created);
  CHECK(world.create(WriteProtection::listed_only) == PutResult::created);
  CHECK(world.methods() == "HEAD GET PUT PUT ");
}

TEST_CASE("a store that turns out not to know conditions is remembered") {
  PutWorld world;
  world.service.conditional_put = ConditionalPut::honoured;
  world.http.answer(501, s3_error("NotImplemented"));
  world.absent();
  world.http.answer(200);
  CHECK(world.create() == PutResult::created);
  world.http.answer(200);
  CHECK(world.create() == PutResult::already_exists);
  CHECK(world.methods() == "PUT! HEAD GET PUT HEAD ");
}

TEST_CASE("a put without a condition does not take its refusals for an answer") {
  S3World world;
  MemoryBody body("text");
  world.http.answer(GENERATE(412, 501, 404), "");
  CHECK_THROWS_AS(world.store().put("k", body, {}), StoreError);
}

TEST_CASE("does the bucket exist?") {
  S3World world;
  SECTION("yes") {
    world.http.answer(200);
    CHECK(world.store().container_exists());
  }
  SECTION("no") {
    world.http.answer(404);
    CHECK_FALSE(world.store().container_exists());
  }
  SECTION("it cannot be told") {
    world.http.answer(403).answer(403, s3_error("AccessDenied"));
    CHECK_THAT(failure_of([&] { world.store().container_exists(); }),
               ContainsSubstring("An error occurred (AccessDenied) when calling the HeadBucket operation"));
    CHECK(world.last().url == "http://s3.test/b?list-type=2&max-keys=1");  // a HEAD's refusal says no reason
  }
  CHECK(world.sent().front().method == "HEAD");
  CHECK(world.sent().front().url == "http://s3.test/b");
}

TEST_CASE("making the bucket") {
  S3World world;
  SECTION("in the first region without a document") {
    world.http.answer(200);
    world.store().create_container();
    CHECK(world.last().body.empty());
    CHECK(world.last().header("x-amz-acl") == "private");
  }
  SECTION("elsewhere with one") {
    world.settings.region = "eu-west-1";
    world.http.answer(200);
    world.store().create_container();
    CHECK_THAT(world.last().body, ContainsSubstring("<LocationConstraint>eu-west-1</LocationConstraint>"));
  }
  SECTION("where the region is signed for and names no place") {
    world.settings.region = "auto";
    world.http.answer(200);
    world.store().create_container();
    CHECK(world.last().body.empty());
  }
  SECTION("where a region is no location") {
    world.service.location_constraint = false;
    world.settings.region = "eu-de";
    world.http.answer(200);
    world.store().create_container();
    CHECK(world.last().body.empty());
  }
  SECTION("where buckets have no ACL") {
    world.service.bucket_acl = false;
    world.http.answer(200);
    world.store().create_container();
    CHECK(find_header(world.last().headers, "x-amz-acl") == nullptr);
  }
  SECTION("it is ours already") {
    world.http.answer(409, s3_error("BucketAlreadyOwnedByYou"));
    CHECK_NOTHROW(world.store().create_container());
  }
  SECTION("it is somebody else's") {
    world.http.answer(409, s3_error("BucketAlreadyExists"));
    CHECK_THAT(failure_of([&] { world.store().create_container(); }), ContainsSubstring("(BucketAlreadyExists)"));
  }
}
