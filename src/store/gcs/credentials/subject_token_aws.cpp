// AWS workloads: the subject token is a GetCallerIdentity request, signed with the workload's AWS key, which Google
// sends to AWS to learn who signed it ("Determining the subject token in AWS", AIP-4117).
#include "crypto/digest.h"
#include "store/cloud/credentials/service_call.h"
#include "store/cloud/credentials/service_url.h"
#include "store/gcs/credentials/subject_token.h"
#include "store/s3/credentials/aws_credential_request.h"
#include "store/s3/credentials/sigv4.h"
#include "text/encoding.h"
#include "text/one_line.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <utility>

namespace tapster {
namespace {

// The instance metadata service answers at once or not at all.
constexpr Duration kAwsTimeout{2'000};

std::optional<AwsCredentials> key_in(const Environment& environment) {
  auto id = environment.get("AWS_ACCESS_KEY_ID");
  auto secret = environment.get("AWS_SECRET_ACCESS_KEY");
  if (!id || !secret) return std::nullopt;
  return AwsCredentials{
      std::move(*id), Secret(std::move(*secret)), Secret(environment.get("AWS_SESSION_TOKEN").value_or("")), {}};
}

std::string region_in(const Environment& environment) {
  auto region = environment.get("AWS_REGION");
  if (!region) region = environment.get("AWS_DEFAULT_REGION");
  return region ? checked_region(*region) : std::string();
}

class AwsToken final : public SubjectToken {
 public:
  AwsToken(const SubjectContext& context, const Environment& environment, const GoogleNetwork& network)
      : network_(network),
        audience_(context.audience),
        verification_url_(context.source.url("regional_cred_verification_url")),
        region_url_(context.source.optional_url("region_url")),
        credentials_url_(context.source.optional_url("url")),
        session_url_(context.source.optional_url("imdsv2_session_token_url")),
        key_(key_in(environment)),
        region_(region_in(environment)) {
    if (region_.empty() && region_url_.empty()) {
      context.source.refuse("The AWS region is unknown: set AWS_REGION, for there is no \"region_url\"");
    }
    if (!key_ && credentials_url_.empty()) {
      context.source.refuse(
          "There is no AWS key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for there is no \"url\"");
    }
  }

  Secret fetch() override {
    const bool asks = region_.empty() || !key_;
    const Secret session = asks && !session_url_.empty() ? session_token() : Secret();
    const std::string region = region_.empty() ? ask_region(session) : region_;
    return Secret(signed_request(region, key_ ? *key_ : ask_key(session)));
  }

  std::string name() const override { return "AWS"; }

 private:
  HttpResponse call(const std::string& url, std::string_view method, const HttpHeaders& headers) const {
    const std::string service = "the instance metadata service " + url;
    MemoryBody nothing{Bytes()};
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = headers;
    if (method == "PUT") request.body = &nothing;
    request.connect_timeout = kAwsTimeout;
    request.total_timeout = kAwsTimeout;
    request.use_proxy = url.starts_with("https://");
    HttpResponse response = call_service(network_.http, network_.clock, request, service);
    if (response.status != 200) throw refusal(response, service, reason_in(response));
    return response;
  }

  HttpResponse get(const std::string& url, const Secret& session) const {
    HttpHeaders headers;
    if (!session.empty()) headers.emplace_back("x-aws-ec2-metadata-token", session.reveal());
    return call(url, "GET", headers);
  }

  Secret session_token() const {
    return Secret(std::string(trim(call(session_url_, "PUT", {{"x-aws-ec2-metadata-token-ttl-seconds", "300"}}).body)));
  }

  // The service tells the availability zone: the region and one letter.
  std::string ask_region(const Secret& session) const {
    std::string zone(trim(get(region_url_, session).body));
    if (!zone.empty()) zone.pop_back();
    return checked_region(zone);
  }

  AwsCredentials ask_key(const Secret& session) const {
    const std::string list = get(credentials_url_, session).body;
    const std::string role(trim(list.substr(0, list.find('\n'))));
    if (role.empty()) {
      throw error(ErrorKind::general, "The instance metadata service {} knows no IAM role of this instance",
                  credentials_url_);
    }
    const std::string url =
        fmt::format("{}{}{}", credentials_url_, credentials_url_.ends_with('/') ? "" : "/", percent_encode(role));
    const std::string service = "the instance metadata service " + url;
    const HttpResponse response = get(url, session);
    // A document without a key tells why.
    if (response.body.find("SecretAccessKey") == std::string::npos) {
      throw refusal(response, service, reason_in(response));
    }
    return parse_credentials(response.body, service);
  }

  std::string signed_request(const std::string& region, const AwsCredentials& key) const {
    constexpr std::string_view kPlace = "{region}";
    HttpRequest request;
    request.method = "POST";
    request.url = verification_url_;
    if (const std::size_t at = request.url.find(kPlace); at != std::string::npos) {
      request.url.replace(at, kPlace.size(), region);
    }
    // Signed as well, so that nobody can show this request to another identity pool.
    request.headers = {{"x-goog-cloud-target-resource", audience_}};
    sign_request(request, key, {region, "sts"}, network_.clock.now(), hex_encode(sha256(Bytes())));
    auto headers = nlohmann::json::array({{{"key", "host"}, {"value", authority_of(request.url).value_or("")}}});
    for (const auto& [name, value] : request.headers) headers.push_back({{"key", name}, {"value", value}});
    const nlohmann::json document = {{"headers", headers}, {"method", request.method}, {"url", request.url}};
    return percent_encode(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }

  GoogleNetwork network_;
  std::string audience_;
  std::string verification_url_;
  std::string region_url_;
  std::string credentials_url_;
  std::string session_url_;  // empty: version 1 of the metadata service
  std::optional<AwsCredentials> key_;
  std::string region_;  // empty: to be asked for
};

}  // namespace

std::unique_ptr<SubjectToken> subject_token_from_aws(const SubjectContext& context, const Environment& environment,
                                                     const GoogleNetwork& network) {
  const std::string environment_id = context.source.required("environment_id");
  if (environment_id != "aws1") {
    context.source.refuse(fmt::format("\"environment_id\" is \"{}\", and known is aws1,", short_line(environment_id)));
  }
  return std::make_unique<AwsToken>(context, environment, network);
}

}  // namespace tapster
