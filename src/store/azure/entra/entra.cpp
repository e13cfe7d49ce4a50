#include "store/azure/entra/entra.h"

#include "store/azure/credentials/azure_token_answer.h"
#include "store/azure/entra/entra_refusal.h"
#include "store/cloud/credentials/service_call.h"
#include "store/cloud/credentials/service_url.h"
#include "text/encoding.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace tapster {
namespace {

bool is_tenant_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

std::string form(const IdentityContext& context, const SecretFields& proof) {
  std::string text = fmt::format("client_id={}&grant_type=client_credentials&scope={}",
                                 percent_encode(context.settings.client_id), percent_encode(kEntraStorageScope));
  for (const auto& [name, value] : proof) text += fmt::format("&{}={}", name, percent_encode(value.reveal()));
  return text;
}

std::string without_secrets(std::string text, const SecretFields& proof) {
  for (const auto& field : proof) {
    const std::string_view secret = field.second.reveal();
    if (secret.empty()) continue;
    constexpr std::string_view kStars = "***";
    for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kStars.size())) {
      text.replace(at, secret.size(), kStars);
    }
  }
  return text;
}

}  // namespace

std::string entra_token_url(const IdentitySettings& settings) {
  const std::string& tenant = settings.tenant_id;
  if (!std::all_of(tenant.begin(), tenant.end(), is_tenant_character)) {
    throw error(
        ErrorKind::general,
        "AZURE_TENANT_ID is \"{}\", which is neither the id nor a domain of a directory (letters, digits, - and .)",
        tenant);
  }
  for (const char* shared : {"common", "organizations", "consumers"}) {
    if (equals_ignoring_case(tenant, shared)) {
      throw error(
          ErrorKind::general,
          "AZURE_TENANT_ID is \"{}\", and applications sign in to one directory only: set it to the directory's id",
          tenant);
    }
  }
  const auto host = host_of(settings.authority_host);
  if (!host || !(settings.authority_host.starts_with("https://") || is_loopback(*host))) {
    throw error(ErrorKind::general,
                "AZURE_AUTHORITY_HOST is \"{}\", which is no https:// URL such as https://login.microsoftonline.com",
                settings.authority_host);
  }
  return fmt::format("{}/{}/oauth2/v2.0/token", settings.authority_host, tenant);
}

AccessToken ask_entra(const IdentityContext& context, const SecretFields& proof, const std::string& source) {
  const Secret text(form(context, proof));
  MemoryBody body(text.reveal());
  HttpRequest request;
  request.method = "POST";
  request.url = entra_token_url(context.settings);
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  request.body = &body;
  HttpResponse response = call_service(context.http, context.clock, request, source);
  if (response.status == 200) return parse_token(response.body, source, context.clock.now());
  response.body = without_secrets(std::move(response.body), proof);
  throw entra_refusal(response, source);
}

SecretFields assertion_fields(Secret assertion) {
  return {{"client_assertion_type", Secret("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")},
          {"client_assertion", std::move(assertion)}};
}

void require_settings(const IdentitySettings& settings, std::string_view source,
                      const std::vector<std::pair<std::string_view, bool>>& further) {
  std::vector<std::string_view> missing;
  if (settings.tenant_id.empty()) missing.emplace_back("AZURE_TENANT_ID");
  if (settings.client_id.empty()) missing.emplace_back("AZURE_CLIENT_ID");
  for (const auto& [name, set] : further) {
    if (!set) missing.push_back(name);
  }
  if (!missing.empty()) throw NotAvailable(source, fmt::format("{} not set", fmt::join(missing, ", ")));
}

}  // namespace tapster
