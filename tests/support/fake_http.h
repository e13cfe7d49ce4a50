// An HTTP client that answers from a script and remembers what it was asked.
#pragma once

#include <tapster/http_client.h>

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapster::test {

struct SentRequest {
  std::string method;
  std::string url;
  HttpHeaders headers;
  std::string body;
  std::optional<Duration> connect_timeout;
  std::optional<Duration> total_timeout;
  bool use_proxy = true;

  std::string header(std::string_view name) const;  // empty when it was not sent
  std::string form(std::string_view name) const;    // a field of a form-encoded body, decoded
};

// May be used from several threads. A request for which the script has no answer is a
// std::logic_error.
class FakeHttp final : public HttpClient {
 public:
  using Handler = std::function<HttpResponse(const SentRequest&)>;

  // Each is for one request, in the order of the calls.
  FakeHttp& answer(int status, std::string body = {}, HttpHeaders headers = {});
  FakeHttp& fail(TransportError::Stage stage, bool retryable = true);
  FakeHttp& then(Handler handler);
  // Headers and a part of the body, then a failure that may be retried.
  FakeHttp& cut(int status, std::string part, HttpHeaders headers = {});

  HttpResponse perform(const HttpRequest& request, ByteSink* sink = nullptr) override;

  std::vector<SentRequest> sent() const;
  std::size_t answers_left() const;

 private:
  struct Step {
    Handler handler;
    bool cut = false;
  };
  FakeHttp& add(Step step);

  mutable std::mutex mutex_;
  std::deque<Step> script_;
  std::vector<SentRequest> sent_;
};

}  // namespace tapster::test
