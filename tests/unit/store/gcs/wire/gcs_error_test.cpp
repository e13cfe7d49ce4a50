#include "unit/store/gcs/gcs_world.h"

using namespace tapster;
using namespace tapster::test::gcs;

namespace {

GcsError error_of(int status, std::string body, HttpHeaders headers = {}) {
  return parse_gcs_error({status, std::move(headers), std::move(body)});
}
std::string text_of(const GcsError& failure) { return to_store_error(failure, "objects.get", "b", "k").what(); }

}  // namespace

TEST_CASE("GCS: errors are read in each of the service's forms") {
  GcsError failure = error_of(403, json_error(403, "forbidden", "me does not have access"), kRequestId);
  CHECK(failure.form == GcsError::Form::json);
  CHECK(failure.code == "forbidden");
  CHECK(failure.message == "me does not have access");
  CHECK(failure.request_id == "RID");
  CHECK(failure.status == 403);

  failure = error_of(403, R"({"error":{"code":403,"message":"No.","status":"PERMISSION_DENIED"}})");
  CHECK(failure.code == "PERMISSION_DENIED");
  failure = error_of(403, R"({"error":{"code":403,"message":"No.","errors":[]}})");
  CHECK(failure.code == "403");
  CHECK(failure.form == GcsError::Form::json);

  failure = error_of(403, xml_error("AccessDenied", "me\ndoes not"));
  CHECK(failure.form == GcsError::Form::xml);
  CHECK(failure.code == "AccessDenied");
  CHECK(failure.message == "It is so. me does not");

  failure = error_of(404, "No such object: b/k\n");
  CHECK(failure.form == GcsError::Form::other);
  CHECK(failure.code == "404");
  CHECK(failure.message == "No such object: b/k");
}

TEST_CASE("GCS: what is no error document of the service's is not quoted as one") {
  for (const char* body : {"", "<html>Log in</html>", "<Error/>", "<Error><Code/></Error>"}) {
    CAPTURE(body);
    const GcsError failure = error_of(404, body);
    CHECK(failure.form == GcsError::Form::other);
    CHECK(failure.code == "404");
    CHECK(failure.message == "Not Found");
  }
  for (const char* body : {"[1]", R"({"error":"invalid_grant"})", R"({"a":1})"}) {
    CAPTURE(body);
    CHECK(error_of(400, body).message == body);
  }
}

TEST_CASE("GCS: only its own words say what is missing") {
  CHECK(says_no_such_object(error_of(404, kNoObject)));
  CHECK(says_no_such_object(error_of(404, "No such object: b/k")));
  CHECK(says_no_such_object(error_of(404, xml_error("NoSuchKey"))));
  CHECK(says_no_such_bucket(error_of(404, kNoBucket)));
  CHECK(says_no_such_bucket(error_of(404, "The specified bucket does not exist.")));
  CHECK(says_no_such_bucket(error_of(404, xml_error("NoSuchBucket"))));
  for (const std::string& body : {kNoBucket, xml_error("NoSuchBucket"), kFrontPage, std::string(),
                                  json_error(404, "notFound", "Not Found"), xml_error("NoSuchUpload")}) {
    CAPTURE(body);
    CHECK_FALSE(says_no_such_object(error_of(404, body)));
  }
  for (const std::string& body : {kNoObject, xml_error("NoSuchKey"), kFrontPage, std::string()}) {
    CAPTURE(body);
    CHECK_FALSE(says_no_such_bucket(error_of(404, body)));
  }
  CHECK_FALSE(says_no_such_object(error_of(403, kNoObject)));
}

TEST_CASE("GCS: what passes by itself is the network's, the rest is not") {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    CHECK(is_transient(error_of(status, "")));
    CHECK(to_store_error(error_of(status, ""), "x", "b", "k").kind() == ErrorKind::network);
  }
  for (const int status : {400, 401, 403, 404, 409, 410, 412, 501}) {
    CHECK_FALSE(is_transient(error_of(status, "")));
    CHECK(to_store_error(error_of(status, ""), "x", "b", "k").kind() == ErrorKind::general);
  }
  CHECK(is_transient(error_of(403, json_error(403, "rateLimitExceeded", "slow"))));
  CHECK(is_transient(error_of(200, xml_error("InternalError"))));
  CHECK(says_damaged(error_of(400, xml_error("BadDigest"))));
  CHECK(says_damaged(error_of(400, json_error(400, "invalid", "Provided CRC32C doesn't match calculated CRC32C"))));
  CHECK_FALSE(says_damaged(error_of(400, json_error(400, "invalid", "no"))));
}

TEST_CASE("GCS: an <Error> is one only as a document") {
  CHECK(is_gcs_error_body(xml_error("InternalError")));
  CHECK_FALSE(is_gcs_error_body("<CompleteMultipartUploadResult/>"));
  CHECK_FALSE(is_gcs_error_body(R"({"name":"<Error"})"));
  CHECK_FALSE(is_gcs_error_body(""));
}

TEST_CASE("GCS: a refusal is one line with its cure") {
  CHECK(
      text_of(error_of(403, json_error(403, "forbidden", "me may not"), kRequestId)) ==
      "objects.get failed (forbidden): me may not [HTTP 403, request id RID, bucket b, key k] (grant the permission to "
      "whoever asks, for instance by the role Storage Object User on the bucket)");
  CHECK(std::string(to_store_error(error_of(500, ""), "objects.list", "b", "").what()) ==
        "objects.list failed (500): [HTTP 500, request id none, bucket b]");
  const auto details = to_store_error(error_of(403, xml_error("AccessDenied"), kRequestId), "op", "b", "k").details();
  CHECK(details.operation == "op");
  CHECK(details.code == "AccessDenied");
  CHECK(details.http_status == 403);
  CHECK(details.request_id == "RID");
  CHECK(details.bucket == "b");
  CHECK(details.key == "k");

  CHECK_THAT(text_of(error_of(404, kNoBucket)), ContainsSubstring("(the bucket does not exist: create it first"));
  CHECK_THAT(text_of(error_of(401, json_error(401, "required", "Anonymous"))),
             ContainsSubstring("check GOOGLE_APPLICATION_CREDENTIALS"));
  CHECK_THAT(text_of(error_of(403, json_error(403, "forbidden", "Permission denied on Cloud KMS key."))),
             ContainsSubstring("check --kms-key-name"));
  CHECK_THAT(text_of(error_of(400, json_error(400, "userProjectMissing", "Pay."))),
             ContainsSubstring("GOOGLE_CLOUD_QUOTA_PROJECT"));
  CHECK_THAT(text_of(error_of(400, xml_error("BadDigest"))), ContainsSubstring("changes the data"));
  CHECK_THAT(text_of(error_of(429, "")), ContainsSubstring("raise TAPSTER_MAX_ATTEMPTS"));
}
