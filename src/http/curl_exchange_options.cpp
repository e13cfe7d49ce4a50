// The options of libcurl for one exchange.
#include "http/curl_api.h"
#include "http/curl_exchange.h"
#include "text/encoding.h"

namespace tapster {
namespace {

constexpr long kBufferBytes = 512 * 1024;  // per direction: fewer system calls than curl's 16 and 64 KiB
constexpr const char* kUserAgent = "tapster/" TAPSTER_VERSION;

}  // namespace

template <typename Value>
void CurlExchange::set(CURLoption option, Value value) {
  const CURLcode code = curl_api().curl_easy_setopt(handle_, option, value);
  if (code != CURLE_OK) {
    throw error(ErrorKind::general, "libcurl refuses option {}: {}", static_cast<int>(option),
                curl_api().curl_easy_strerror(code));
  }
}

void CurlExchange::add_header(const std::string& line) {
  curl_slist* longer = curl_api().curl_slist_append(headers_, line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  headers_ = longer;
}

void CurlExchange::set_body() {
  const std::string& method = request_.method;
  if (request_.body != nullptr && request_.body->size() > 0) {
    request_.body->rewind();
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body->size()));
    set(CURLOPT_READFUNCTION, &on_read);
    set(CURLOPT_READDATA, this);
    set(CURLOPT_SEEKFUNCTION, &on_seek);
    set(CURLOPT_SEEKDATA, this);
    set(CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  } else if (method == "PUT" || method == "POST") {
    set(CURLOPT_POSTFIELDS, "");  // an empty body still announces its length
    set(CURLOPT_POSTFIELDSIZE, 0L);
  } else if (method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  }
  set(CURLOPT_CUSTOMREQUEST, method.c_str());
}

void CurlExchange::set_trust(const CurlSettings& settings) {
  if (!settings.ca_bundle.empty()) {
    set(CURLOPT_CAINFO, settings.ca_bundle.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  } else if (const char* bundle = system_ca_bundle()) {
    set(CURLOPT_CAINFO, bundle);
  }
}

void CurlExchange::set_proxy(const CurlSettings& settings) {
  // Set always, also to nothing: libcurl would read the environment by itself otherwise.
  const std::string& proxy = request_.url.starts_with("https:") ? settings.https_proxy : settings.http_proxy;
  set(CURLOPT_PROXY, request_.use_proxy ? proxy.c_str() : "");
  if (!settings.ca_bundle.empty()) set(CURLOPT_PROXY_CAINFO, settings.ca_bundle.c_str());
  set(CURLOPT_NOPROXY, settings.no_proxy.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void CurlExchange::set_up(const CurlSettings& settings) {
  curl_api().curl_easy_reset(handle_);  // keeps the connections
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_BUFFERSIZE, kBufferBytes);
  set(CURLOPT_USERAGENT, kUserAgent);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(request_.connect_timeout.value_or(settings.connect_timeout).count()));
  if (request_.total_timeout) set(CURLOPT_TIMEOUT_MS, static_cast<long>(request_.total_timeout->count()));
  set_trust(settings);
  set_proxy(settings);
  set_body();
  add_header("Expect:");  // some gateways hang on 100-continue or refuse it
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    has_type = has_type || equals_ignoring_case(name, "content-type");
    add_header(value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value));  // ";": curl's empty
  }
  if (!has_type) add_header("Content-Type:");  // curl's own guess would be a form
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &on_write);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_SOCKOPTFUNCTION, &on_socket);
  set(CURLOPT_SOCKOPTDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, this);
}

}  // namespace tapster
