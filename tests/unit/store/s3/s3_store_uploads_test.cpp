#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

std::string page(const std::string& inside) {
  return "<ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" + inside +
         "</ListMultipartUploadsResult>";
}
std::string upload(const std::string& key, const std::string& id) {
  return "<Upload><Key>" + key + "</Key><UploadId>" + id +
         "</UploadId><Initiated>2024-02-01T00:00:00.000Z</Initiated>" + "</Upload>";
}
std::string parts(const std::string& inside) { return "<ListPartsResult>" + inside + "</ListPartsResult>"; }
std::string part(int number, const std::string& time) {
  return "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><LastModified>" + time +
         "</LastModified></Part>";
}

std::vector<UnfinishedUpload> uploads_of(S3World& world) {
  std::vector<UnfinishedUpload> found;
  world.store().list_uploads("p/", [&](const UnfinishedUpload& one) {
    found.push_back(one);
    return true;
  });
  return found;
}

}  // namespace

TEST_CASE("unfinished uploads are listed to the last page") {
  S3World world;
  world.http.answer(200, page(upload("p/a", "1") + "<IsTruncated>true</IsTruncated><NextKeyMarker>p/a</NextKeyMarker>" +
                              "<NextUploadIdMarker>1</NextUploadIdMarker>"));
  world.http.answer(200, page(upload("p/a", "2") + upload("q", "not below the prefix")));
  const auto found = uploads_of(world);
  REQUIRE(found.size() == 2);
  CHECK(found[0].upload.key == "p/a");
  CHECK(found[0].upload.id == "1");
  CHECK(found[0].initiated == parse_rfc3339("2024-02-01T00:00:00Z"));
  CHECK(found[1].upload.id == "2");
  CHECK(world.sent()[0].url == "http://s3.test/b?uploads=&prefix=p%2F");
  CHECK(world.sent()[1].url == "http://s3.test/b?uploads=&prefix=p%2F&key-marker=p%2Fa&upload-id-marker=1");
}

TEST_CASE("a listing of uploads that goes in circles, or is none, is an error") {
  S3World world;
  SECTION("truncated without a marker") { world.http.answer(200, page("<IsTruncated>true</IsTruncated>")); }
  SECTION("not a listing") { world.http.answer(200, "<html/>"); }
  CHECK_THAT(failure_of([&] { uploads_of(world); }), Catch::Matchers::StartsWith("network: ListMultipartUploads: "));
}

TEST_CASE("the newest part of an upload, over several pages") {
  S3World world;
  world.http.answer(200, parts(part(1, "2024-02-03T08:00:00.000Z") + part(2, "2024-02-03T07:00:00.000Z") +
                               "<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>"));
  world.http.answer(200, parts(part(3, "2024-02-03T06:00:00.000Z")));
  CHECK(world.store().newest_part({"k", "id", 0}) == parse_rfc3339("2024-02-03T08:00:00Z"));
  CHECK(world.sent()[0].url == "http://s3.test/b/k?uploadId=id");
  CHECK(world.last().url == "http://s3.test/b/k?uploadId=id&part-number-marker=2");
}

TEST_CASE("an upload without parts, and one that is gone, have no newest part") {
  S3World world;
  SECTION("none") { world.http.answer(200, parts("")); }
  SECTION("gone") { world.http.answer(404, s3_error("NoSuchUpload")); }
  SECTION("gone, as Ceph says it") { world.http.answer(404, s3_error("NoSuchKey")); }
  CHECK_FALSE(world.store().newest_part({"k", "id", 0}).has_value());
}

TEST_CASE("a missing bucket is not an upload that is gone") {
  S3World world;
  world.http.answer(404, s3_error("NoSuchBucket"));
  CHECK_THAT(failure_of([&] { world.store().newest_part({"k", "id", 0}); }), ContainsSubstring("NoSuchBucket"));
}

TEST_CASE("object lock is read from the headers") {
  S3World world;
  SECTION("locked") {
    world.http.answer(200, "",
                      {{"Content-Length", "1"},
                       {"x-amz-object-lock-mode", "COMPLIANCE"},
                       {"x-amz-object-lock-retain-until-date", "2030-01-01T00:00:00.000Z"},
                       {"x-amz-object-lock-legal-hold", "ON"}});
    const auto stat = world.store().stat("k");
    CHECK(stat->retain_until == parse_rfc3339("2030-01-01T00:00:00Z"));
    CHECK(stat->legal_hold);
  }
  SECTION("free") {
    world.http.answer(200, "", {{"Content-Length", "1"}, {"x-amz-object-lock-legal-hold", "OFF"}});
    const auto stat = world.store().stat("k");
    CHECK_FALSE(stat->retain_until.has_value());
    CHECK_FALSE(stat->legal_hold);
  }
}

TEST_CASE("a listing may begin behind a key, and tells when objects were stored") {
  S3World world;
  world.http.answer(200,
                    "<ListBucketResult><Contents><Key>p/b</Key><LastModified>2024-02-01T00:00:00.000Z"
                    "</LastModified></Contents><Contents><Key>p/c</Key></Contents><IsTruncated>true</IsTruncated>"
                    "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>");
  world.http.answer(200, "<ListBucketResult></ListBucketResult>");
  ListOptions options;
  options.start_after = "p/a";
  std::vector<ObjectEntry> found;
  world.store().list("p/", options, [&](const ListPage& listed) {
    found.insert(found.end(), listed.objects.begin(), listed.objects.end());
    return true;
  });
  REQUIRE(found.size() == 2);
  CHECK(found[0].modified == parse_rfc3339("2024-02-01T00:00:00Z"));
  CHECK_FALSE(found[1].modified.has_value());
  CHECK_THAT(world.sent()[0].url, Catch::Matchers::EndsWith("&start-after=p%2Fa"));
  CHECK_THAT(world.sent()[1].url, Catch::Matchers::EndsWith("&continuation-token=t"));
}
