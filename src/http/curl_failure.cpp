#include "http/curl_failure.h"

#include "text/shown_url.h"

#include <fmt/format.h>

namespace tapster {

TransportError to_transport_error(const CurlFailure& failure, const std::string& url) {
  using Stage = TransportError::Stage;
  const std::string& reason = failure.reason;
  // Without the path and the query, which may hold secrets.
  const std::string server = url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
  const auto transport = [&](Stage stage, bool retryable, const std::string& cure) {
    return TransportError(stage, retryable, fmt::format("{}: {}{}", server, reason, cure));
  };
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return transport(Stage::resolve, true, " (check the endpoint URL)");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return transport(Stage::proxy, true, " (check HTTP_PROXY and HTTPS_PROXY)");
    case CURLE_COULDNT_CONNECT:
      return transport(Stage::connect, true, "");
    case CURLE_PROXY:
      return transport(Stage::proxy, true, "");
    case CURLE_OPERATION_TIMEDOUT:
      return transport(Stage::timeout, true, "");
    case CURLE_ABORTED_BY_CALLBACK:
      return TransportError(
          Stage::timeout, true,
          fmt::format("{}: no data moved for {} s (see --read-timeout)", server, failure.read_timeout.count() / 1000));
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      return transport(Stage::receive, true, "");
    case CURLE_SEND_ERROR:
      return transport(Stage::send, true, "");
    case CURLE_SSL_CONNECT_ERROR:
      // A connection that died during the handshake is a network failure; anything else is a set-up.
      if (failure.system_error != 0 || reason.find("SSL_ERROR_SYSCALL") != std::string::npos ||
          reason.find("unexpected eof") != std::string::npos) {
        return transport(Stage::connect, true, "");
      }
      return transport(Stage::tls, false, " (does this port speak TLS?)");
    case CURLE_PEER_FAILED_VERIFICATION:
      return transport(
          Stage::tls, false,
          " (for a private certificate authority set REQUESTS_CA_BUNDLE, or AWS_CA_BUNDLE for S3, to its file)");
    case CURLE_SSL_CACERT_BADFILE:
      return transport(
          Stage::tls, false,
          " (install ca-certificates, or set REQUESTS_CA_BUNDLE, or AWS_CA_BUNDLE for S3, to a file of certificates)");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return TransportError(
          Stage::connect, false,
          fmt::format("{}: {} (an endpoint is http://HOST[:PORT] or https://...)", shown_url(url), reason));
    default:
      return transport(Stage::receive, failure.code == CURLE_HTTP2 || failure.code == CURLE_WEIRD_SERVER_REPLY, "");
  }
}

}  // namespace tapster
