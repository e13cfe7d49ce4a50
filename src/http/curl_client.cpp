#include "http/curl_client.h"

#include "http/curl_api.h"
#include "text/encoding.h"
#include "text/shown_url.h"

#include <tapster/environment.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <exception>

namespace tapster {
namespace {

constexpr long kBufferBytes = 512 * 1024;          // per direction: fewer system calls than curl's 16 and 64 KiB
constexpr std::size_t kMaxCollected = 32U << 20U;  // of an answer that goes to no sink
constexpr const char* kUserAgent = "tapster/" TAPSTER_VERSION;

// Where distributions keep their certificate authorities; minimal container images have the file of
// another distribution, or none.
constexpr std::array<const char*, 5> kSystemBundles = {
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"};

const char* system_bundle() {
  for (const char* path : kSystemBundles) {
    if (access(path, R_OK) == 0) return path;
  }
  return nullptr;
}

// One exchange: what the callbacks share.
class Exchange {
 public:
  Exchange(void* handle, int& socket, const HttpRequest& request, ByteSink* sink, Duration read_timeout)
      : handle_(handle), socket_(socket), request_(request), sink_(sink), read_timeout_(read_timeout) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { curl_api().curl_slist_free_all(headers_); }

  void set_up(const CurlSettings& settings);
  HttpResponse run();

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_api().curl_easy_setopt(handle_, option, value);
    if (code != CURLE_OK) {
      throw error(ErrorKind::general, "libcurl refuses option {}: {}", static_cast<int>(option),
                  curl_api().curl_easy_strerror(code));
    }
  }
  void add_header(const std::string& line);
  void set_body();
  void set_trust(const CurlSettings& settings);
  void set_proxy(const CurlSettings& settings);
  void acknowledge_quickly();
  void headers_complete();
  [[noreturn]] void fail(CURLcode code);

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
  bool announced_ = false;
  std::exception_ptr thrown_;
  curl_off_t moved_ = -1;
  std::chrono::steady_clock::time_point moved_at_ = std::chrono::steady_clock::now();
  std::optional<std::chrono::steady_clock::time_point> stopped_at_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

void Exchange::add_header(const std::string& line) {
  curl_slist* longer = curl_api().curl_slist_append(headers_, line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  headers_ = longer;
}

void Exchange::set_body() {
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

void Exchange::set_trust(const CurlSettings& settings) {
  if (!settings.ca_bundle.empty()) {
    set(CURLOPT_CAINFO, settings.ca_bundle.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  } else if (const char* bundle = system_bundle()) {
    set(CURLOPT_CAINFO, bundle);
  }
}

void Exchange::set_proxy(const CurlSettings& settings) {
  // Set always, also to nothing: libcurl would read the environment by itself otherwise.
  const std::string& proxy = request_.url.starts_with("https:") ? settings.https_proxy : settings.http_proxy;
  set(CURLOPT_PROXY, request_.use_proxy ? proxy.c_str() : "");
  if (!settings.ca_bundle.empty()) set(CURLOPT_PROXY_CAINFO, settings.ca_bundle.c_str());
  set(CURLOPT_NOPROXY, settings.no_proxy.c_str());
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

void Exchange::set_up(const CurlSettings& settings) {
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

HttpResponse Exchange::run() {
  const CURLcode code = curl_api().curl_easy_perform(handle_);
  if (thrown_) std::rethrow_exception(thrown_);
  if (code != CURLE_OK) fail(code);
  if (!headers_ended_) fail(CURLE_PARTIAL_FILE);  // libcurl takes a connection's end for the end of the headers
  if (guarded([this] { headers_complete(); }); thrown_) std::rethrow_exception(thrown_);
  return std::move(response_);
}

void Exchange::fail(CURLcode code) {
  using Stage = TransportError::Stage;
  const std::string reason = error_text_[0] != '\0' ? error_text_.data() : curl_api().curl_easy_strerror(code);
  const auto transport = [&](Stage stage, bool retryable, const std::string& cure) {
    const std::size_t authority = request_.url.find("://");
    const std::string server = request_.url.substr(0, request_.url.find('/', authority + 3));
    return TransportError(stage, retryable, fmt::format("{}: {}{}", server, reason, cure));
  };
  long system_error = 0;
  curl_api().curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &system_error);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      throw transport(Stage::resolve, true, " (check the endpoint URL)");
    case CURLE_COULDNT_RESOLVE_PROXY:
      throw transport(Stage::proxy, true, " (check HTTP_PROXY and HTTPS_PROXY)");
    case CURLE_COULDNT_CONNECT:
      throw transport(Stage::connect, true, "");
    case CURLE_PROXY:
      throw transport(Stage::proxy, true, "");
    case CURLE_OPERATION_TIMEDOUT:
      throw transport(Stage::timeout, true, "");
    case CURLE_ABORTED_BY_CALLBACK:
      throw TransportError(Stage::timeout, true,
                           fmt::format("{}: no data moved for {} s (see --read-timeout)",
                                       request_.url.substr(0, request_.url.find('/', request_.url.find("://") + 3)),
                                       read_timeout_.count() / 1000));
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      throw transport(Stage::receive, true, "");
    case CURLE_SEND_ERROR:
      throw transport(Stage::send, true, "");
    case CURLE_SSL_CONNECT_ERROR:
      // A connection that died during the handshake is a network failure; anything else is a set-up.
      if (system_error != 0 || reason.find("SSL_ERROR_SYSCALL") != std::string::npos ||
          reason.find("unexpected eof") != std::string::npos) {
        throw transport(Stage::connect, true, "");
      }
      throw transport(Stage::tls, false, " (does this port speak TLS?)");
    case CURLE_PEER_FAILED_VERIFICATION:
      throw transport(
          Stage::tls, false,
          " (for a private certificate authority set REQUESTS_CA_BUNDLE, or AWS_CA_BUNDLE for S3, to its file)");
    case CURLE_SSL_CACERT_BADFILE:
      throw transport(
          Stage::tls, false,
          " (install ca-certificates, or set REQUESTS_CA_BUNDLE, or AWS_CA_BUNDLE for S3, to a file of certificates)");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      throw TransportError(
          Stage::connect, false,
          fmt::format("{}: {} (an endpoint is http://HOST[:PORT] or https://...)", shown_url(request_.url), reason));
    default:
      throw transport(Stage::receive, code == CURLE_HTTP2 || code == CURLE_WEIRD_SERVER_REPLY, "");
  }
}

// A server that sends its answer in two small pieces (Ceph's gateway does) waits for our acknowledgement
// between them, and the kernel would hold that back for 40 ms on a kept connection. Setting the option
// sends what is held back. Should the socket be another one than that of this answer, nothing is harmed.
void Exchange::acknowledge_quickly() {
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

int Exchange::on_socket(void* self, curl_socket_t socket, curlsocktype) {
  static_cast<Exchange*>(self)->socket_ = socket;
  return CURL_SOCKOPT_OK;
}

void Exchange::headers_complete() {
  if (announced_) return;
  announced_ = true;
  if (request_.on_headers) request_.on_headers(response_.status, response_.headers);
}

std::size_t Exchange::on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  std::size_t got = 0;
  const auto out = std::as_writable_bytes(std::span(buffer, size * count));
  return exchange.guarded([&] { got = exchange.request_.body->read(out); }) ? got : CURL_READFUNC_ABORT;
}

int Exchange::on_seek(void* self, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  return exchange.guarded([&] { exchange.request_.body->rewind(); }) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
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

std::size_t Exchange::on_write(char* data, std::size_t size, std::size_t count, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
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

int Exchange::on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& exchange = *static_cast<Exchange*>(self);
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

}  // namespace

void apply_proxy_environment(CurlSettings& settings, const Environment& environment) {
  const auto first = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (auto value = environment.get(name)) return *value;
    }
    return std::string();
  };
  settings.http_proxy = first({"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
  settings.https_proxy = first({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  settings.no_proxy = first({"no_proxy", "NO_PROXY"});
}

CurlClient::CurlClient(CurlSettings settings) : settings_(std::move(settings)) {}

CurlClient::~CurlClient() {
  for (const auto& handle : idle_) curl_api().curl_easy_cleanup(handle->easy);
}

// Borrows a handle for one exchange.
class CurlClient::Lease {
 public:
  explicit Lease(CurlClient& client) : client_(client) {
    {
      const std::lock_guard lock(client_.mutex_);
      if (!client_.idle_.empty()) {
        handle_ = std::move(client_.idle_.back());
        client_.idle_.pop_back();
      }
    }
    if (handle_ == nullptr) handle_ = std::make_unique<Handle>(Handle{.easy = curl_api().curl_easy_init()});
    if (handle_->easy == nullptr) throw std::bad_alloc();
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() {
    if (!clean_) {
      curl_api().curl_easy_cleanup(handle_->easy);
      return;
    }
    const std::lock_guard lock(client_.mutex_);
    client_.idle_.push_back(std::move(handle_));
  }
  // The exchange ended well: without this the handle, whose state is then uncertain, is thrown away.
  void end_cleanly() { clean_ = true; }
  Handle& handle() const { return *handle_; }

 private:
  CurlClient& client_;
  std::unique_ptr<Handle> handle_;
  bool clean_ = false;
};

HttpResponse CurlClient::perform(const HttpRequest& request, ByteSink* sink) {
  if (request.stop.stop_requested()) throw Interrupted();
  Lease lease(*this);
  Exchange exchange(lease.handle().easy, lease.handle().socket, request, sink, settings_.read_timeout);
  exchange.set_up(settings_);
  HttpResponse response = exchange.run();
  lease.end_cleanly();
  return response;
}

}  // namespace tapster
