#include "http/curl_client.h"

#include "http/curl_api.h"
#include "http/curl_exchange.h"

#include <new>
#include <utility>

namespace tapster {

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
  CurlExchange exchange(lease.handle().easy, lease.handle().socket, request, sink, settings_.read_timeout);
  exchange.set_up(settings_);
  HttpResponse response = exchange.run();
  lease.end_cleanly();
  return response;
}

}  // namespace tapster
