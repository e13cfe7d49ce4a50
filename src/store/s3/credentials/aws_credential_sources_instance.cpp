// The EC2 instance metadata service ("Use the Instance Metadata Service to access instance
// metadata", EC2 User Guide): version 2, with a token; version 1 where that is allowed.
#include "store/s3/credentials/aws_credential_request.h"
#include "store/s3/credentials/aws_credential_sources.h"
#include "text/encoding.h"
#include "text/number.h"
#include "text/time_text.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <utility>

namespace tapster {
namespace {

constexpr std::string_view kCredentialsPath = "latest/meta-data/iam/security-credentials/";
constexpr std::chrono::minutes kExtension{10};

std::optional<std::string> setting(const CredentialContext& context, const char* variable, const char* key) {
  auto value = context.environment.get(variable);
  return value ? value : context.profile.get(key);
}

bool is_true(const std::optional<std::string>& value) { return value && equals_ignoring_case(*value, "true"); }

int positive_number(const CredentialContext& context, const char* variable, const char* key) {
  const auto text = setting(context, variable, key);
  if (!text) return 1;
  const int number = parse_decimal<int>(*text).value_or(0);
  if (number < 1 || number > 3600) {
    throw error(ErrorKind::general, "{} (or {} in the profile) is \"{}\", which is no number from 1 to 3600", variable,
                key, *text);
  }
  return number;
}

std::string endpoint(const CredentialContext& context) {
  if (auto url = setting(context, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")) {
    if (!url->starts_with("http://") && !url->starts_with("https://")) {
      throw error(ErrorKind::general, "AWS_EC2_METADATA_SERVICE_ENDPOINT is \"{}\", which is no http:// URL", *url);
    }
    return url->ends_with('/') ? *url : *url + '/';
  }
  const auto mode =
      setting(context, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode").value_or("IPv4");
  if (equals_ignoring_case(mode, "IPv6")) return "http://[fd00:ec2::254]/";
  if (equals_ignoring_case(mode, "IPv4")) return "http://169.254.169.254/";
  throw error(ErrorKind::general, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is \"{}\"; known are IPv4 and IPv6", mode);
}

class MetadataSource final : public CredentialSource {
 public:
  explicit MetadataSource(CredentialContext context)
      : context_(std::move(context)),
        base_(endpoint(context_)),
        timeout_(std::chrono::seconds(
            positive_number(context_, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"))),
        patience_{positive_number(context_, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts"),
                  Duration(200)},
        v1_disabled_(is_true(setting(context_, "AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"))) {}

  std::optional<AwsCredentials> fetch() override {
    try {
      return ask_service();
    } catch (const TransportError& problem) {
      return absent(problem.kind(), problem.what());
    }
  }

  std::string name() const override {
    return fmt::format("EC2 instance metadata{}{}", role_.empty() ? "" : ", role ", role_);
  }

 private:
  std::optional<AwsCredentials> ask_service() {
    const auto token = request_token();
    if (!token) {
      token_ = Secret();
      if (v1_disabled_) {
        return absent(ErrorKind::general,
                      fmt::format("The instance metadata service at {} gave no token, and version 1, which needs none, "
                                  "is disabled",
                                  base_));
      }
    } else if (token->status != 200) {
      return unusable(*token);
    } else {
      token_ = Secret(std::string(trim(token->body)));
    }
    const HttpResponse list = get(std::string(kCredentialsPath));
    const std::string text(trim(list.body));
    const std::string role(trim(text.substr(0, text.find('\n'))));
    if (list.status != 200 || role.empty()) return unusable(list);
    const HttpResponse response = get(std::string(kCredentialsPath) + percent_encode(role));
    if (response.status != 200) return unusable(response);
    AwsCredentials credentials = parse(response);
    role_ = role;
    found_ = true;
    extend(credentials);
    return credentials;
  }

  // nullopt: version 1 is to be used. That includes no answer in time: version 2 drops its answers to containers that
  // are one network hop further away than it allows.
  std::optional<HttpResponse> request_token() {
    HttpRequest request = request_for("latest/api/token");
    request.method = "PUT";
    request.headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}};
    MemoryBody nothing{Bytes()};
    request.body = &nothing;
    try {
      HttpResponse response = call_service(context_.http, context_.clock, request, name(), patience_, is_transient);
      if (response.status == 403 || response.status == 404 || response.status == 405) return std::nullopt;
      return response;
    } catch (const TransportError& problem) {
      if (problem.stage() != TransportError::Stage::timeout) throw;
      return std::nullopt;
    }
  }

  HttpResponse get(const std::string& path) {
    HttpRequest request = request_for(path);
    if (!token_.empty()) request.headers.emplace_back("x-aws-ec2-metadata-token", token_.reveal());
    return call_service(context_.http, context_.clock, request, name(), patience_, is_transient);
  }

  HttpRequest request_for(const std::string& path) const {
    HttpRequest request;
    request.url = base_ + path;
    request.connect_timeout = timeout_;
    request.total_timeout = timeout_;
    request.use_proxy = false;
    return request;
  }

  AwsCredentials parse(const HttpResponse& response) const {
    // A document without credentials tells why: {"Code": "AssumeRoleUnauthorizedAccess", "Message": ...}.
    if (response.body.find("SecretAccessKey") == std::string::npos) {
      throw refusal(response, name(), reason_in(response));
    }
    return parse_credentials(response.body, name());
  }

  std::optional<AwsCredentials> unusable(const HttpResponse& response) const {
    const bool no_role = response.status == 404;
    return absent(
        is_transient(response) ? ErrorKind::network : ErrorKind::general,
        no_role ? fmt::format("The instance metadata service at {} knows no IAM role of this instance", base_)
                : fmt::format("The instance metadata service at {} answered with status {}", base_, response.status));
  }

  // Outside of EC2 the service does not answer, or another one does. That is an error only after the service has given
  // credentials.
  std::optional<AwsCredentials> absent(ErrorKind kind, const std::string& why) const {
    if (found_) throw Error(kind, why);
    log::info("{}", why);
    return std::nullopt;
  }

  // During an outage the service hands out credentials past their time, and AWS accepts them.
  void extend(AwsCredentials& credentials) const {
    const TimePoint now = context_.clock.now();
    if (!credentials.expires || *credentials.expires > now) return;
    log::warning("The credentials from {} expired at {}; using them for another {} minutes, as AWS advises", name(),
                 amz_timestamp(*credentials.expires), kExtension.count());
    credentials.expires = now + kExtension;
  }

  CredentialContext context_;
  std::string base_;
  Duration timeout_;
  Patience patience_;
  bool v1_disabled_;
  bool found_ = false;
  Secret token_;  // empty with version 1
  std::string role_;
};

}  // namespace

std::unique_ptr<CredentialSource> link_instance_metadata(const CredentialContext& context) {
  if (is_true(context.environment.get("AWS_EC2_METADATA_DISABLED"))) return nullptr;
  return std::make_unique<MetadataSource>(context);
}

}  // namespace tapster
