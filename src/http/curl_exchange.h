// One request and its answer over a handle of libcurl's: the options, and what the callbacks share.
#pragma once

#include "http/curl_settings.h"

#include <tapster/http_client.h>

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <string>

namespace tapster {

// For one thread, and one exchange. Borrows all that it is given.
class CurlExchange {
 public:
  CurlExchange(void* handle, int& socket, const HttpRequest& request, ByteSink* sink, Duration read_timeout)
      : handle_(handle), socket_(socket), request_(request), sink_(sink), read_timeout_(read_timeout) {}
  CurlExchange(const CurlExchange&) = delete;
  CurlExchange& operator=(const CurlExchange&) = delete;
  ~CurlExchange();

  // Sets the handle's options (curl_exchange_options.cpp). Throws Error (general) when libcurl refuses one.
  void set_up(const CurlSettings& settings);
  // Sends the request and receives the whole answer. Throws what the body, the sink and on_headers throw, Interrupted,
  // and TransportError. The handle is not to be used again then.
  HttpResponse run();

 private:
  template <typename Value>
  void set(CURLoption option, Value value);
  void add_header(const std::string& line);
  void set_body();
  void set_trust(const CurlSettings& settings);
  void set_proxy(const CurlSettings& settings);
  void acknowledge_quickly();
  void headers_complete();
  TransportError failure(CURLcode code) const;

  // What a callback throws must not cross libcurl: it is kept and thrown by run().
  template <typename Action>
  bool guarded(Action&& action) noexcept {
    try {
      action();
      return true;
    } catch (...) {
      thrown_ = std::current_exception();
      return false;
    }
  }

  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_write(char* data, std::size_t size, std::size_t count, void* self);
  static int on_socket(void* self, curl_socket_t socket, curlsocktype purpose);
  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent);

  void* handle_;
  int& socket_;
  const HttpRequest& request_;
  ByteSink* sink_;
  Duration read_timeout_;
  curl_slist* headers_ = nullptr;
  HttpResponse response_;
  bool headers_ended_ = false;
  bool headers_given_ = false;  // to on_headers
  std::exception_ptr thrown_;
  curl_off_t moved_ = -1;  // bytes in both directions, when they last changed
  std::chrono::steady_clock::time_point moved_at_ = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> stopped_at_;  // when the stop was first seen
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace tapster
