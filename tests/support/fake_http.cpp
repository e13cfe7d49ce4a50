#include "support/fake_http.h"

#include "crypto/digest.h"
#include "text/encoding.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace tapster::test {
namespace {

std::string read_all(Body* body) {
  std::string text;
  std::array<std::byte, 4096> buffer{};
  if (body != nullptr) body->rewind();
  while (body != nullptr) {
    const std::size_t count = body->read(buffer);
    if (count == 0) break;
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
  return text;
}

}  // namespace

std::string SentRequest::header(std::string_view name) const {
  const std::string* value = find_header(headers, name);
  return value == nullptr ? "" : *value;
}

std::string SentRequest::form(std::string_view name) const {
  std::string_view rest = body;
  while (!rest.empty()) {
    const std::string_view field = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    const std::size_t equals = field.find('=');
    if (field.substr(0, equals) == name) return percent_decode(field.substr(equals + 1), true);
  }
  return "";
}

FakeHttp& FakeHttp::answer(int status, std::string body, HttpHeaders headers) {
  return then([=](const SentRequest&) { return HttpResponse{status, headers, body}; });
}

FakeHttp& FakeHttp::fail(TransportError::Stage stage, bool retryable) {
  return then([=](const SentRequest&) -> HttpResponse { throw TransportError(stage, retryable, "scripted failure"); });
}

FakeHttp& FakeHttp::then(Handler handler) { return add({std::move(handler), false}); }

FakeHttp& FakeHttp::cut(int status, std::string part, HttpHeaders headers) {
  return add({[=](const SentRequest&) { return HttpResponse{status, headers, part}; }, true});
}

FakeHttp& FakeHttp::add(Step step) {
  const std::lock_guard lock(mutex_);
  script_.push_back(std::move(step));
  return *this;
}

HttpResponse FakeHttp::perform(const HttpRequest& request, ByteSink* sink) {
  SentRequest sent{request.method,          request.url,           request.headers,  read_all(request.body),
                   request.connect_timeout, request.total_timeout, request.use_proxy};
  Step step;
  {
    const std::lock_guard lock(mutex_);
    sent_.push_back(sent);
    if (script_.empty()) throw std::logic_error("the script has no answer for " + sent.method + " " + sent.url);
    step = std::move(script_.front());
    script_.pop_front();
  }
  HttpResponse response = step.handler(sent);
  if (request.on_headers) request.on_headers(response.status, response.headers);
  if (sink != nullptr && (response.status == 200 || response.status == 206)) {
    if (!response.body.empty()) sink->write(as_bytes(response.body));
    response.body.clear();
  }
  if (step.cut) throw TransportError(TransportError::Stage::receive, true, "scripted cut");
  return response;
}

std::vector<SentRequest> FakeHttp::sent() const {
  const std::lock_guard lock(mutex_);
  return sent_;
}

std::size_t FakeHttp::answers_left() const {
  const std::lock_guard lock(mutex_);
  return script_.size();
}

}  // namespace tapster::test
