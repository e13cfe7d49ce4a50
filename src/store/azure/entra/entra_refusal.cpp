#include "store/azure/entra/entra_refusal.h"

#include "store/cloud/credentials/service_call.h"
#include "store/cloud/cure.h"
#include "text/json_member.h"
#include "text/one_line.h"

#include <nlohmann/json.hpp>

#include <array>
#include <string>

namespace tapster {
namespace {

using nlohmann::json;

// "Microsoft Entra authentication and authorization error codes"
constexpr std::array kEntraCures = {
    Cure{"AADSTS7000215", "AZURE_CLIENT_SECRET must be the secret's value, not its ID"},
    Cure{"AADSTS7000222", "the client secret has expired: make a new one"},
    Cure{"AADSTS700016", "check AZURE_CLIENT_ID, and that the application exists in AZURE_TENANT_ID"},
    Cure{"AADSTS7000112", "the application is disabled"},
    Cure{"AADSTS90002", "check AZURE_TENANT_ID, and AZURE_AUTHORITY_HOST in sovereign clouds"},
    Cure{"AADSTS900023", "check AZURE_TENANT_ID"},
    Cure{"AADSTS900382", "check AZURE_AUTHORITY_HOST: the tenant is in another cloud"},
    Cure{"AADSTS700027", "upload the certificate to the application; it must be the private key's"},
    Cure{"AADSTS700024", "the assertion is not valid now: check the clock, and that the token file is renewed"},
    Cure{"AADSTS70021", "the application has no federated credential for this issuer, subject and audience"},
    Cure{"AADSTS700211", "the application has no federated credential for this issuer"},
    Cure{"AADSTS700212", "the application has no federated credential for this audience"},
    Cure{"AADSTS700213", "the application has no federated credential for this subject"},
    Cure{"AADSTS500011", "the tenant does not know Azure Storage: it needs a subscription"},
    Cure{"AADSTS53003", "a conditional access policy forbids it"},
};

// "AADSTS7000215" of "AADSTS7000215: Invalid client secret provided. ..."
std::string_view code_in(std::string_view description) {
  const std::size_t begin = description.find("AADSTS");
  if (begin == std::string_view::npos) return {};
  const std::size_t end = description.find_first_not_of("0123456789", begin + 6);
  return description.substr(begin, end == std::string_view::npos ? end : end - begin);
}

}  // namespace

Error entra_refusal(const HttpResponse& response, std::string_view source) {
  const json document = json::parse(response.body, nullptr, false);
  if (!document.is_object()) return refusal(response, source, reason_in(response));
  std::string description = text_of(document, "error_description");
  // What follows repeats the members beside it.
  const std::string_view code = code_in(description);
  const std::string_view cure = cure_for(kEntraCures, code);
  const std::string trace = text_of(document, "trace_id");
  std::string reason = text_of(document, "error");
  const std::string text = short_line(std::string_view(description).substr(0, description.find("Trace ID:")));
  if (!text.empty()) reason += (reason.empty() ? "" : ": ") + text;
  if (!trace.empty()) reason += fmt::format(" (trace {})", short_line(trace));
  if (!cure.empty()) reason += fmt::format("; {}", cure);
  return refusal(response, source, reason);
}

}  // namespace tapster
