#include "http/curl_failure.h"

#include "support/catch.h"

using namespace tapster;

namespace {

constexpr const char* kUrl = "https://s3.test:9000/bucket/key?X-Signature=HUSH";
using Stage = TransportError::Stage;

TransportError error_for(CURLcode code, const std::string& reason = "it failed", long system_error = 0) {
  return to_transport_error(
      {.code = code, .reason = reason, .system_error = system_error, .read_timeout = Duration(3000)}, kUrl);
}

}  // namespace

TEST_CASE("a failure names the server and libcurl's words, and nothing else of the URL") {
  for (int code = CURLE_UNSUPPORTED_PROTOCOL; code < CURL_LAST; ++code) {
    CAPTURE(code);
    const std::string text = error_for(static_cast<CURLcode>(code)).what();
    CHECK(text.starts_with("https://s3.test:9000"));
    CHECK(text.find("HUSH") == std::string::npos);
  }
  CHECK(std::string(error_for(CURLE_RECV_ERROR, "reset").what()) == "https://s3.test:9000: reset");
}

TEST_CASE("connections that failed can be tried again, refused certificates cannot") {
  for (const CURLcode code : {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
                              CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_PARTIAL_FILE}) {
    CAPTURE(code);
    CHECK(error_for(code).retryable());
    CHECK(error_for(code).kind() == ErrorKind::network);
  }
  for (const CURLcode code : {CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT}) {
    CAPTURE(code);
    CHECK_FALSE(error_for(code).retryable());
    CHECK(error_for(code).kind() == ErrorKind::general);
  }
}

TEST_CASE("a handshake that failed is a network failure when the connection died") {
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "wrong version number").stage() == Stage::tls);
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "wrong version number", 104).stage() == Stage::connect);
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL").stage() == Stage::connect);
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "unexpected eof while reading").stage() == Stage::connect);
}

TEST_CASE("a stalled exchange says how long nothing moved, and which option sets that") {
  CHECK(std::string(error_for(CURLE_ABORTED_BY_CALLBACK).what()) ==
        "https://s3.test:9000: no data moved for 3 s (see --read-timeout)");
}
