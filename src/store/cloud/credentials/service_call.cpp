#include "store/cloud/credentials/service_call.h"

#include "text/json_member.h"
#include "text/one_line.h"

#include <tapster/log.h>

#include <nlohmann/json.hpp>

namespace tapster {
namespace {

using nlohmann::json;

}  // namespace

bool is_transient(const HttpResponse& response) { return response.status == 429 || response.status >= 500; }

HttpResponse call_service(HttpClient& http, Clock& clock, const HttpRequest& request, std::string_view service,
                          const Patience& patience, bool (*transient)(const HttpResponse& response)) {
  Duration pause = patience.pause;
  for (int attempt = 1;; ++attempt) {
    const bool last = attempt >= patience.attempts;
    try {
      if (request.body != nullptr) request.body->rewind();
      HttpResponse response = http.perform(request);
      if (last || !transient(response)) return response;
      log::debug("{} answered with status {}, attempt {}", service, response.status, attempt);
    } catch (const TransportError& problem) {
      if (last || !problem.retryable()) {
        throw TransportError(problem.stage(), problem.retryable(),
                             fmt::format("Cannot get credentials from {}: {}", service, problem.what()));
      }
      log::debug("No answer from {}, attempt {}: {}", service, attempt, problem.what());
    }
    clock.sleep(pause);
    pause *= 2;
  }
}

Error refusal(const HttpResponse& response, std::string_view service, std::string_view reason) {
  return error(is_transient(response) ? ErrorKind::network : ErrorKind::general,
               "Cannot get credentials from {}: status {}{}{}", service, response.status, reason.empty() ? "" : ", ",
               reason);
}

std::string reason_in(const HttpResponse& response) {
  const json document = json::parse(response.body, nullptr, false);
  if (!document.is_object()) return short_line(response.body);
  std::string reason;
  for (const char* member :
       {"Code", "code", "__type", "error", "Message", "message", "error_description", "errorMessage"}) {
    const std::string text = text_of(document, member);
    if (!text.empty()) reason += (reason.empty() ? "" : ": ") + text;
  }
  return short_line(reason);
}

}  // namespace tapster
