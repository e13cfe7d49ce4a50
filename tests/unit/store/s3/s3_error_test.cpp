#include "store/s3/s3_error.h"

#include "unit/store/s3/s3_world.h"

using namespace tapster;
using namespace tapster::test;

namespace {

StoreError made_of(const HttpResponse& response, const std::string& key = "k") {
  return to_store_error(parse_s3_error(response), "PutObject", "b", key);
}

}  // namespace

TEST_CASE("an S3 error says what, where and what to do, in one line") {
  const StoreError failure = made_of({403, {{"x-amz-request-id", "HEADER-ID"}}, s3_error("AccessDenied")});
  CHECK(std::string(failure.what()) ==
        "An error occurred (AccessDenied) when calling the PutObject operation: It is so [HTTP 403, request id "
        "HEADER-ID, bucket b, key k] (the credentials are known but may not do this: check the policies of the user, "
        "the role and the bucket)");
  CHECK(failure.kind() == ErrorKind::general);
  CHECK(failure.details().operation == "PutObject");
  CHECK(failure.details().code == "AccessDenied");
  CHECK(failure.details().http_status == 403);
  CHECK(failure.details().request_id == "HEADER-ID");
  CHECK(failure.details().bucket == "b");
  CHECK(failure.details().key == "k");
}

TEST_CASE("a message of several lines becomes one") {
  const HttpResponse answer{400, {}, "<Error><Code>Odd</Code><Message>\nIt is\n  so\r\n</Message></Error>"};
  CHECK_THAT(std::string(made_of(answer).what()), ContainsSubstring("the PutObject operation: It is so [HTTP 400,"));
}

TEST_CASE("an S3 error without much to say") {
  CHECK(std::string(made_of({418, {}, ""}, "").what()) ==
        "An error occurred (418) when calling the PutObject operation: [HTTP 418, request id none, bucket b]");
  CHECK_THAT(std::string(made_of({404, {}, "<html>Not here</html>"}).what()),
             ContainsSubstring("(404) when calling the PutObject operation: Not Found [HTTP 404, request id none"));
  CHECK_THAT(std::string(made_of({400, {}, s3_error("Odd")}).what()), ContainsSubstring("request id RID"));
}

TEST_CASE("S3 errors with a cure name it") {
  const auto cure = [](int status, const std::string& code) {
    return std::string(made_of({status, {}, code.empty() ? "" : s3_error(code)}).what());
  };
  CHECK_THAT(cure(404, "NoSuchBucket"), ContainsSubstring("create it first"));
  CHECK_THAT(cure(403, "InvalidAccessKeyId"), ContainsSubstring("AWS_ACCESS_KEY_ID"));
  CHECK_THAT(cure(403, "SignatureDoesNotMatch"), ContainsSubstring("AWS_SECRET_ACCESS_KEY"));
  CHECK_THAT(cure(400, "ExpiredToken"), ContainsSubstring("renew the credentials"));
  CHECK_THAT(cure(403, "RequestTimeTooSkewed"), ContainsSubstring("set the clock"));
  CHECK_THAT(cure(301, ""), ContainsSubstring("AWS_DEFAULT_REGION"));
  CHECK_THAT(cure(403, ""), ContainsSubstring("check the credentials"));
  CHECK_THAT(cure(501, "NotImplemented"), ContainsSubstring("try without --tags"));
  CHECK_THAT(cure(403, "SecondLevelDomainForbidden"), ContainsSubstring("--addressing-style virtual"));
  CHECK_THAT(cure(503, "SlowDown"), ContainsSubstring("AWS_MAX_ATTEMPTS"));
}

TEST_CASE("the kind of an S3 error tells whether waiting would have helped") {
  CHECK(made_of({500, {}, ""}).kind() == ErrorKind::network);
  CHECK(made_of({503, {}, s3_error("SlowDown")}).kind() == ErrorKind::network);
  CHECK(made_of({200, {}, s3_error("InternalError")}).kind() == ErrorKind::network);
  CHECK(made_of({429, {}, ""}).kind() == ErrorKind::network);
  CHECK(made_of({501, {}, s3_error("NotImplemented")}).kind() == ErrorKind::general);
  CHECK(made_of({404, {}, s3_error("NoSuchBucket")}).kind() == ErrorKind::general);
}

TEST_CASE("what an answer tells about its error") {
  SECTION("the region in a header wins over the one in the body") {
    const S3Error failure =
        parse_s3_error({400, {{"x-amz-bucket-region", "eu-west-1"}}, s3_error("X", "<Region>us-west-2</Region>")});
    CHECK(failure.region == "eu-west-1");
    CHECK(failure.message == "It is so");
    CHECK(failure.request_id == "RID");
  }
  SECTION("a document that is no S3 error counts for nothing") {
    const S3Error failure = parse_s3_error({403, {}, "<html><Code>NoSuchKey</Code></html>"});
    CHECK(failure.code == "403");
    CHECK(failure.message == "Forbidden");
    CHECK(failure.region.empty());
  }
  SECTION("neither does one that is not well-formed") {
    CHECK(parse_s3_error({404, {}, "<Error><Code>NoSuchKey</Code>"}).code == "404");
  }
}

TEST_CASE("an error document is recognised by its root") {
  CHECK(is_s3_error_body(s3_error("InternalError")));
  CHECK_FALSE(is_s3_error_body("<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>"));
  CHECK_FALSE(is_s3_error_body(""));
  CHECK_FALSE(is_s3_error_body("Error"));
}
