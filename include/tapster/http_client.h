// One HTTP exchange. The real client is libcurl (src/http/curl_client.h); tests script others.
#pragma once

#include <tapster/body.h>
#include <tapster/byte_sink.h>
#include <tapster/clock.h>
#include <tapster/error.h>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapster {

// In sending order. Names are compared without case.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
const std::string* find_header(const HttpHeaders& headers, std::string_view name) noexcept;

struct HttpRequest {
  std::string method = "GET";
  std::string url;       // absolute, already percent-encoded; sent byte for byte
  HttpHeaders headers;   // Host and Content-Length are the client's business
  Body* body = nullptr;  // borrowed; sent with a Content-Length, never chunked, no Expect
  // Used in place of the client's time-outs when set (metadata services answer fast or never).
  std::optional<Duration> connect_timeout;
  std::optional<Duration> total_timeout;
  bool use_proxy = true;  // false for link-local metadata services
  // Called once per exchange when status and headers of the final answer are there, before the
  // first byte of its body; what it throws ends the exchange and comes out of perform.
  std::function<void(int status, const HttpHeaders& headers)> on_headers;
  std::stop_token stop = {};  // ends the exchange, whatever it waits for, with Interrupted
  Duration grace{0};          // but an exchange that has begun may still come to its end for so long
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;  // empty when the bytes went to a sink
};

// No whole answer came. `stage` tells what failed: in `resolve`, `connect`, `proxy` and `tls` the server has not got
// the request; in the others it may have acted on it. Kind: network; general when trying again cannot help
// (`retryable`).
class TransportError final : public Error {
 public:
  enum class Stage { resolve, connect, proxy, tls, send, receive, timeout };
  TransportError(Stage stage, bool retryable, const std::string& message)
      : Error(stage == Stage::tls || !retryable ? ErrorKind::general : ErrorKind::network, message),
        stage_(stage),
        retryable_(retryable) {}
  Stage stage() const noexcept { return stage_; }
  bool retryable() const noexcept { return retryable_; }

 private:
  Stage stage_;
  bool retryable_;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends the request and reads the whole answer, whatever its status; redirects are not
  // followed. When `sink` is given and the status is 200 or 206, the body goes there as it arrives
  // (finish() is not called); otherwise it is collected, and more than 32 MiB of it is an error.
  // Throws TransportError when no whole answer came (the sink may have got a part of it then),
  // Interrupted after a stop, Error (general) when the client cannot send the request, and whatever the body, the sink
  // and on_headers throw, unchanged. May be called from several threads.
  virtual HttpResponse perform(const HttpRequest& request, ByteSink* sink = nullptr) = 0;
};

}  // namespace tapster
