#include "store/cloud/attempt.h"

#include <tapster/byte_sink.h>

#include <fmt/format.h>

namespace tapster {
namespace {

// Passes everything on, and tells whether anything has come.
class SinkWitness final : public ByteSink {
 public:
  explicit SinkWitness(ByteSink* next) : next_(next) {}
  void write(Bytes data) override {
    touched_ = true;
    next_->write(data);
  }
  void finish() override { next_->finish(); }
  bool touched() const noexcept { return touched_; }

 private:
  ByteSink* next_;
  bool touched_ = false;
};

}  // namespace

std::optional<HttpResponse> attempt(HttpClient& http, const HttpRequest& request, ByteSink* sink,
                                    const std::string& what, Retries& retries) {
  SinkWitness witness(sink);
  try {
    return http.perform(request, sink == nullptr ? nullptr : &witness);
  } catch (const TransportError& failure) {
    if (!failure.retryable() || retries.exhausted() || witness.touched()) {
      throw TransportError(failure.stage(), failure.retryable(), fmt::format("{}: {}", what, failure.what()));
    }
    retries.wait(what, failure.what());
    return std::nullopt;
  }
}

}  // namespace tapster
