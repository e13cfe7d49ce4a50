#include "store/s3/credentials/sigv4.h"

#include "crypto/digest.h"
#include "support/catch.h"
#include "text/encoding.h"
#include "text/time_text.h"

#include <string>

using namespace tapster;

namespace {

// The keys and the hour of the examples in the S3 API reference ("Signature Calculations for
// the Authorization Header").
const AwsCredentials kExample{"AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret(), {}};
const SigningScope kS3{"us-east-1", "s3"};
const std::string kEmptyHash = hex_encode(sha256({}));

TimePoint at(const char* text) { return parse_rfc3339(text).value(); }

std::string header(const HttpRequest& request, std::string_view name) {
  const std::string* value = find_header(request.headers, name);
  return value == nullptr ? "" : *value;
}

std::string s3_authorization(HttpRequest request, const std::string& hash = kEmptyHash) {
  sign_request(request, kExample, kS3, at("2013-05-24T00:00:00Z"), hash);
  return header(request, "Authorization");
}

std::string expected(const std::string& signed_headers, const std::string& signature) {
  return "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=" +
         signed_headers + ", Signature=" + signature;
}

// The general test suite of SigV4, for a service that is not S3.
std::string suite_signature(HttpRequest request, const std::string& body = "") {
  const AwsCredentials credentials{"AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), Secret(), {}};
  sign_request(request, credentials, {"us-east-1", "service"}, at("2015-08-30T12:36:00Z"),
               hex_encode(sha256(as_bytes(body))));
  CHECK(find_header(request.headers, "x-amz-content-sha256") == nullptr);
  const std::string authorization = header(request, "Authorization");
  return authorization.substr(authorization.rfind('=') + 1);
}

}  // namespace

TEST_CASE("S3 requests are signed as in the published examples") {
  const std::string host = "https://examplebucket.s3.amazonaws.com";
  SECTION("GET Object with a range") {
    CHECK(s3_authorization({.url = host + "/test.txt", .headers = {{"Range", "bytes=0-9"}}}) ==
          expected("host;range;x-amz-content-sha256;x-amz-date",
                   "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"));
  }
  SECTION("PUT Object with a storage class") {
    const HttpRequest request{
        .method = "PUT",
        .url = host + "/test%24file.text",
        .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}}};
    CHECK(s3_authorization(request, hex_encode(sha256(as_bytes("Welcome to Amazon S3.")))) ==
          expected("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                   "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
  }
  SECTION("GET Bucket lifecycle: a parameter without a value") {
    CHECK(s3_authorization({.url = host + "/?lifecycle"}) ==
          expected("host;x-amz-content-sha256;x-amz-date",
                   "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
  }
  SECTION("List objects, the parameters in either order, the port spelled out or not") {
    const std::string signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
    for (const char* url : {"https://examplebucket.s3.amazonaws.com?max-keys=2&prefix=J",
                            "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2",
                            "https://examplebucket.s3.amazonaws.com:443/?prefix=J&max-keys=2#fragment",
                            "http://user@examplebucket.s3.amazonaws.com:80/?prefix=J&max-keys=2"}) {
      CHECK(s3_authorization({.url = url}) == expected("host;x-amz-content-sha256;x-amz-date", signature));
    }
  }
}

// Computed with botocore 1.29 (S3SigV4Auth).
TEST_CASE("ports, session tokens, encoded keys, and runs of blanks are signed as others sign them") {
  AwsCredentials credentials = kExample;
  credentials.session_token = Secret("TOKEN/+==");
  HttpRequest request{.method = "PUT",
                      .url = "http://127.0.0.1:8480/b/a%20b%2Bc%25d/%C3%A9?tagging=&uploadId=a%2Fb&partNumber=2",
                      .headers = {{"Content-Type", "text/plain"},
                                  {"User-Agent", "never signed"},
                                  {"X-Amz-Meta-B", "two   words "},
                                  {"x-amz-meta-a", "1"},
                                  {"If-None-Match", "*"}}};
  const std::string hash = hex_encode(sha256(as_bytes("hello")));
  const std::string want =
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/eu-west-3/s3/aws4_request, "
      "SignedHeaders=content-type;host;if-none-match;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-b;"
      "x-amz-security-token, Signature=cac181a4d767d27e2a40f1c3ead79ce55d782b32287f5f461090db247e48782b";
  sign_request(request, credentials, {"eu-west-3", "s3"}, at("2013-05-24T00:00:00Z"), hash);
  CHECK(header(request, "Authorization") == want);
  CHECK(header(request, "x-amz-security-token") == "TOKEN/+==");
  CHECK(header(request, "x-amz-date") == "20130524T000000Z");
  CHECK(header(request, "x-amz-content-sha256") == hash);

  SECTION("and signing again replaces the first signature") {
    const std::size_t count = request.headers.size();
    sign_request(request, credentials, {"eu-west-3", "s3"}, at("2013-05-25T00:00:00Z"), hash);
    CHECK(request.headers.size() == count);
    CHECK(header(request, "x-amz-date") == "20130525T000000Z");
    CHECK(header(request, "Authorization") != want);
    sign_request(request, credentials, {"eu-west-3", "s3"}, at("2013-05-24T00:00:00Z"), hash);
    CHECK(header(request, "Authorization") == want);
  }
  SECTION("and permanent keys drop the token of the temporary ones before them") {
    sign_request(request, kExample, {"eu-west-3", "s3"}, at("2013-05-24T00:00:00Z"), hash);
    CHECK(find_header(request.headers, "x-amz-security-token") == nullptr);
  }
}

TEST_CASE("a header that is given twice is signed as one") {
  const std::string twice = s3_authorization(
      {.url = "https://h/", .headers = {{"x-amz-meta-a", "1"}, {"x-amz-date-of", "z"}, {"X-Amz-Meta-A", "2"}}});
  const std::string once =
      s3_authorization({.url = "https://h/", .headers = {{"x-amz-meta-a", "1,2"}, {"x-amz-date-of", "z"}}});
  CHECK(twice == once);
}

TEST_CASE("an unsigned payload is signed as such") {
  HttpRequest request{.method = "PUT", .url = "https://h/k"};
  sign_request(request, kExample, kS3, at("2013-05-24T00:00:00Z"), "UNSIGNED-PAYLOAD");
  CHECK(header(request, "x-amz-content-sha256") == "UNSIGNED-PAYLOAD");
}

TEST_CASE("other services are signed as in the general test suite") {
  const std::string url = "https://example.amazonaws.com/";
  SECTION("get-vanilla") {
    CHECK(suite_signature({.url = url}) == "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  }
  SECTION("get-vanilla-query-order-key-case") {
    CHECK(suite_signature({.url = url + "?Param2=value2&Param1=value1"}) ==
          "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
  }
  SECTION("post-x-www-form-urlencoded") {
    const HttpRequest request{
        .method = "POST", .url = url, .headers = {{"Content-Type", "application/x-www-form-urlencoded"}}};
    CHECK(suite_signature(request, "Param1=value1") ==
          "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
  }
  SECTION("an encoded path is encoded once more (computed with botocore 1.29)") {
    CHECK(suite_signature({.url = url + "%E1%88%B4"}) ==
          "697b34846207a3f72246f99d74ae1ee4fe54f44bb06730c58a0d339eb079596d");
  }
}
