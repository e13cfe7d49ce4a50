#include "http/curl_exchange.h"

#include "http/curl_api.h"
#include "http/curl_failure.h"
#include "text/encoding.h"
#include "text/shown_url.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <span>

namespace tapster {
namespace {

constexpr std::size_t kMaxCollected = 32U << 20U;  // bytes of an answer that goes to no sink

}  // namespace

CurlExchange::~CurlExchange() { curl_api().curl_slist_free_all(headers_); }

HttpResponse CurlExchange::run() {
  const CURLcode code = curl_api().curl_easy_perform(handle_);
  if (thrown_) std::rethrow_exception(thrown_);
  if (code != CURLE_OK) throw failure(code);
  if (!headers_ended_)
    throw failure(CURLE_PARTIAL_FILE);  // libcurl takes a connection's end for the end of the headers
  if (guarded([this] { headers_complete(); }); thrown_) std::rethrow_exception(thrown_);
  return std::move(response_);
}

TransportError CurlExchange::failure(CURLcode code) const {
  CurlFailure failure;
  failure.code = code;
  failure.read_timeout = read_timeout_;
  failure.reason = error_text_[0] != '\0' ? error_text_.data() : curl_api().curl_easy_strerror(code);
  curl_api().curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &failure.system_error);
  return to_transport_error(failure, request_.url);
}

// A server that sends its answer in two small pieces (Ceph's gateway does) waits for our acknowledgement
// between them, and the kernel would hold that back for 40 ms on a kept connection. Setting the option
// sends what is held back. Should the socket be another one than that of this answer, nothing is harmed.
void CurlExchange::acknowledge_quickly() {
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

int CurlExchange::on_socket(void* self, curl_socket_t socket, curlsocktype) {
  static_cast<CurlExchange*>(self)->socket_ = socket;
  return CURL_SOCKOPT_OK;
}

void CurlExchange::headers_complete() {
  if (headers_given_) return;
  headers_given_ = true;
  if (request_.on_headers) request_.on_headers(response_.status, response_.headers);
}

std::size_t CurlExchange::on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  std::size_t got = 0;
  const auto out = std::as_writable_bytes(std::span(buffer, size * count));
  return exchange.guarded([&] { got = exchange.request_.body->read(out); }) ? got : CURL_READFUNC_ABORT;
}

int CurlExchange::on_seek(void* self, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  return exchange.guarded([&] { exchange.request_.body->rewind(); }) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::size_t CurlExchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::string_view line = trim(std::string_view(data, size * count));
  const bool fine = exchange.guarded([&] {
    if (line.empty()) exchange.headers_ended_ = true;
    if (line.starts_with("HTTP/")) {  // the start of an answer: of the final one, or of a 1xx before it
      exchange.response_ = HttpResponse{};
      exchange.headers_ended_ = false;
      exchange.acknowledge_quickly();
      const std::size_t blank = line.find(' ');
      if (blank != std::string_view::npos) {
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), exchange.response_.status);
      }
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      exchange.response_.headers.emplace_back(line.substr(0, colon), trim(line.substr(colon + 1)));
    }
  });
  return fine ? size * count : 0;
}

std::size_t CurlExchange::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const std::size_t length = size * count;
  const bool fine = exchange.guarded([&] {
    exchange.headers_complete();
    const int status = exchange.response_.status;
    if (exchange.sink_ != nullptr && (status == 200 || status == 206)) {
      exchange.sink_->write(std::as_bytes(std::span(data, length)));
      return;
    }
    if (exchange.response_.body.size() + length > kMaxCollected) {
      throw error(ErrorKind::general, "{}: the answer is larger than {} bytes", shown_url(exchange.request_.url),
                  kMaxCollected);
    }
    exchange.response_.body.append(data, length);
    exchange.acknowledge_quickly();  // the end of a chunked answer is a piece of its own
  });
  return fine ? length : CURL_WRITEFUNC_ERROR;
}

int CurlExchange::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& exchange = *static_cast<CurlExchange*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (exchange.request_.stop.stop_requested()) {
    if (!exchange.stopped_at_) exchange.stopped_at_ = now;
    if (now - *exchange.stopped_at_ >= exchange.request_.grace) {
      exchange.thrown_ = std::make_exception_ptr(Interrupted());
      return 1;
    }
  }
  if (received == 0) exchange.acknowledge_quickly();  // of TLS session tickets nothing else tells
  if (received + sent != exchange.moved_) {
    exchange.moved_ = received + sent;
    exchange.moved_at_ = now;
    return 0;
  }
  curl_off_t connected = 0;  // connecting has a time-out of its own
  curl_api().curl_easy_getinfo(exchange.handle_, CURLINFO_PRETRANSFER_TIME_T, &connected);
  if (connected == 0) exchange.moved_at_ = now;
  // In milliseconds: an unlimited time-out does not fit the clock's own unit.
  return std::chrono::duration_cast<Duration>(now - exchange.moved_at_) > exchange.read_timeout_ ? 1 : 0;
}

}  // namespace tapster
