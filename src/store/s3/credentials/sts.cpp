#include "store/s3/credentials/sts.h"

#include "crypto/digest.h"
#include "store/s3/credentials/aws_credential_request.h"
#include "store/s3/credentials/aws_partition.h"
#include "store/s3/credentials/sigv4.h"
#include "text/encoding.h"
#include "text/time_text.h"
#include "text/xml.h"

#include <tapster/body.h>
#include <tapster/error.h>

#include <optional>

namespace tapster {
namespace {

struct StsEndpoint {
  std::string url;
  std::string region;
};

StsEndpoint sts_endpoint(const CredentialContext& context) {
  const auto region = service_region(context);
  if (auto url = configured_endpoint(context.profile, context.environment, "sts")) {
    if (!url->ends_with('/')) *url += '/';
    return {*url, region.value_or("us-east-1")};
  }
  if (!region || *region == "aws-global") return {"https://sts.amazonaws.com/", "us-east-1"};
  return {fmt::format("https://sts.{}.{}/", checked_region(*region), partition_of(*region).dns_suffix), *region};
}

struct StsError {
  std::string code;
  std::string message;
};

StsError error_in(const HttpResponse& response) {
  const auto document = XmlDocument::parse(response.body);
  if (!document) return {"", reason_in(response)};
  // <ErrorResponse><Error>; some gateways put <Error> at the root.
  const XmlElement root = document->root();
  const XmlElement details = root.name() == "Error" ? root : root.child("Error");
  return {details.child("Code").text(), details.child("Message").text()};
}

// Throttling, and an identity provider that STS could not reach, come as 400.
bool is_transient_sts(const HttpResponse& response) {
  if (is_transient(response)) return true;
  if (response.status != 400) return false;
  const std::string code = error_in(response).code;
  return code == "IDPCommunicationError" || code == "Throttling" || code == "ThrottlingException";
}

AwsCredentials credentials_in(const HttpResponse& response, const std::string& operation, const std::string& service) {
  const auto document = XmlDocument::parse(response.body);
  if (!document) throw error(ErrorKind::general, "The answer of {} to {} is not XML", service, operation);
  const XmlElement element = document->root().child(operation + "Result").child("Credentials");
  AwsCredentials credentials{element.child("AccessKeyId").text(), Secret(element.child("SecretAccessKey").text()),
                             Secret(element.child("SessionToken").text()),
                             parse_rfc3339(element.child("Expiration").text())};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || credentials.session_token.empty() ||
      !credentials.expires) {
    throw error(ErrorKind::general, "The answer of {} to {} has no complete credentials", service, operation);
  }
  return credentials;
}

}  // namespace

AwsCredentials call_sts(const CredentialContext& context, const std::string& operation, const StsParameters& parameters,
                        CredentialProvider* signer) {
  const StsEndpoint endpoint = sts_endpoint(context);
  const std::string service = "the token service " + endpoint.url;
  Secret form("Action=" + operation + "&Version=2011-06-15");  // may hold a web identity token
  for (const auto& [name, value] : parameters) {
    form = Secret(fmt::format("{}&{}={}", form.reveal(), name, percent_encode(value)));
  }
  MemoryBody body(form.reveal());
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.url;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  request.body = &body;
  for (bool again = false;; again = true) {
    std::optional<AwsCredentials> key;
    if (signer != nullptr) {
      key = signer->get();
      sign_request(request, *key, {endpoint.region, "sts"}, context.clock.now(),
                   hex_encode(sha256(as_bytes(form.reveal()))));
    }
    const HttpResponse response = call_service(context.http, context.clock, request, service, {}, is_transient_sts);
    if (response.status == 200) return credentials_in(response, operation, service);
    const StsError problem = error_in(response);
    if (key && !again && (problem.code == "ExpiredToken" || problem.code == "ExpiredTokenException")) {
      signer->refuse(*key);
      continue;
    }
    const bool both = !problem.code.empty() && !problem.message.empty();
    throw refusal(response, service,
                  fmt::format("{}: {}{}{}", operation, problem.code, both ? ": " : "", problem.message));
  }
}

std::string default_session_name(const CredentialContext& context) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(context.clock.now().time_since_epoch());
  return fmt::format("tapster-{}", seconds.count());
}

}  // namespace tapster
