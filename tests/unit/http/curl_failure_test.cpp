#include "http/curl_failure.h"

#include "support/catch.h"

#include <cerrno>

using namespace tapster;
using Stage = TransportError::Stage;

namespace {

TransportError error_for(CURLcode code, const std::string& reason = "so it is", long system_error = 0) {
  return to_transport_error({code, reason, system_error, Duration(60'000)}, "https://host:1/key?sig=secret");
}

}  // namespace

TEST_CASE("libcurl's codes: what failed, whether it can be tried again, what to do") {
  struct Row {
    CURLcode code;
    Stage stage;
    bool retryable;
    const char* end;  // of the message
  };
  const Row row = GENERATE(
      Row{CURLE_COULDNT_RESOLVE_HOST, Stage::resolve, true, "(check the endpoint URL)"},
      Row{CURLE_COULDNT_RESOLVE_PROXY, Stage::proxy, true, "(check HTTP_PROXY and HTTPS_PROXY)"},
      Row{CURLE_COULDNT_CONNECT, Stage::connect, true, "so it is"}, Row{CURLE_PROXY, Stage::proxy, true, "so it is"},
      Row{CURLE_OPERATION_TIMEDOUT, Stage::timeout, true, "so it is"},
      Row{CURLE_ABORTED_BY_CALLBACK, Stage::timeout, true, "no data moved for 60 s (see --read-timeout)"},
      Row{CURLE_GOT_NOTHING, Stage::receive, true, "so it is"}, Row{CURLE_RECV_ERROR, Stage::receive, true, "so it is"},
      Row{CURLE_PARTIAL_FILE, Stage::receive, true, "so it is"}, Row{CURLE_SEND_ERROR, Stage::send, true, "so it is"},
      Row{CURLE_SSL_CONNECT_ERROR, Stage::tls, false, "(does this port speak TLS?)"},
      Row{CURLE_PEER_FAILED_VERIFICATION, Stage::tls, false, "AWS_CA_BUNDLE for S3, to its file)"},
      Row{CURLE_SSL_CACERT_BADFILE, Stage::tls, false, "AWS_CA_BUNDLE for S3, to a file of certificates)"},
      Row{CURLE_WEIRD_SERVER_REPLY, Stage::receive, true, "so it is"},
      Row{CURLE_HTTP2, Stage::receive, true, "so it is"}, Row{CURLE_OUT_OF_MEMORY, Stage::receive, false, "so it is"});
  CAPTURE(row.code);
  const TransportError error = error_for(row.code);
  CHECK(error.stage() == row.stage);
  CHECK(error.retryable() == row.retryable);
  CHECK(error.kind() == (row.retryable ? ErrorKind::network : ErrorKind::general));
  const std::string text = error.what();
  CHECK(text.starts_with("https://host:1: "));
  CHECK(text.ends_with(row.end));
}

TEST_CASE("a handshake that the network cut can be tried again") {
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "reset", ECONNRESET).stage() == Stage::connect);
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL").stage() == Stage::connect);
  CHECK(error_for(CURLE_SSL_CONNECT_ERROR, "unexpected eof while reading").stage() == Stage::connect);
}

TEST_CASE("a URL's path and query are not in the message") {
  const std::string url = GENERATE("https://host/key?sig=secret", "https://host?sig=secret", "https://host#secret");
  const std::string text = to_transport_error({CURLE_SEND_ERROR, "so it is", 0, {}}, url).what();
  CHECK(text == "https://host: so it is");
}

TEST_CASE("what libcurl takes for no URL is shown, without its secrets") {
  const std::string text = to_transport_error({CURLE_URL_MALFORMAT, "bad", 0, {}}, "htp:/host/key?sig=secret").what();
  CHECK_THAT(text, ContainsSubstring("host") && ContainsSubstring("an endpoint is http://HOST[:PORT] or https://..."));
  CHECK_THAT(text, !ContainsSubstring("secret"));
}
