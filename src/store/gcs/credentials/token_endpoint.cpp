#include "store/gcs/credentials/token_endpoint.h"

#include "store/cloud/credentials/service_call.h"
#include "text/encoding.h"
#include "text/json_member.h"
#include "text/number.h"
#include "text/one_line.h"

#include <tapster/body.h>

#include <nlohmann/json.hpp>

#include <optional>

namespace tapster {
namespace {

using nlohmann::json;

struct Reason {
  std::string code;
  std::string text;  // the code included
};

Reason reason_of(const HttpResponse& response) {
  const json document = json::parse(response.body, nullptr, false);
  const auto error = document.is_object() ? document.find("error") : document.end();
  if (!document.is_object() || error == document.end() || !error->is_object()) {
    return {document.is_object() ? text_of(document, "error") : "", reason_in(response)};
  }
  const std::string status = text_of(*error, "status");
  const std::string message = text_of(*error, "message");
  return {status, short_line(status + (status.empty() || message.empty() ? "" : ": ") + message)};
}

// A number, or one in a text, as some brokers send it.
std::optional<std::chrono::seconds> lifetime_in(const json& document) {
  constexpr std::int64_t kYear = 366LL * 24 * 3600;
  const auto found = document.find("expires_in");
  if (found == document.end()) return std::nullopt;
  std::int64_t seconds = -1;
  if (found->is_number_integer()) {
    seconds = found->get<std::int64_t>();
  } else if (found->is_string()) {
    seconds = parse_decimal<std::int64_t>(found->get_ref<const std::string&>()).value_or(-1);
  }
  if (seconds < 0 || seconds > kYear) return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

SecretForm& SecretForm::add(std::string_view name, std::string_view value) {
  const Secret encoded(percent_encode(value));
  text_ = Secret(fmt::format("{}{}{}={}", text_.reveal(), text_.empty() ? "" : "&", name, encoded.reveal()));
  return *this;
}

AccessToken parse_token(std::string_view text, TimePoint asked, std::string_view service) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) {
    throw error(ErrorKind::general, "The answer of {} is not a JSON object with a token", service);
  }
  Secret token(text_of(document, "access_token"));
  if (token.empty()) throw error(ErrorKind::general, "The answer of {} has no access_token", service);
  // Such a token becomes a header.
  if (token.reveal().find_first_of("\r\n") != std::string_view::npos) {
    throw error(ErrorKind::general, "The answer of {} has an access_token of several lines", service);
  }
  const auto lifetime = lifetime_in(document);
  if (!lifetime) throw error(ErrorKind::general, "The answer of {} has no usable expires_in", service);
  return {std::move(token), asked + *lifetime};
}

Error google_refusal(const HttpResponse& response, std::string_view service, std::span<const Cure> cures) {
  Reason reason = reason_of(response);
  if (const auto cure = cure_for(cures, reason.code); !cure.empty()) reason.text += fmt::format("; {}", cure);
  return refusal(response, service, reason.text);
}

AccessToken request_token(const GoogleNetwork& network, const std::string& url, const SecretForm& form,
                          const HttpHeaders& headers, const std::string& service, std::span<const Cure> cures) {
  MemoryBody body(form.reveal());
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());
  request.body = &body;
  const TimePoint asked = network.clock.now();
  const HttpResponse response = call_service(network.http, network.clock, request, service);
  if (response.status != 200) throw google_refusal(response, service, cures);
  return parse_token(response.body, asked, service);
}

}  // namespace tapster
