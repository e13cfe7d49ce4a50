#include "store/s3/credentials/sigv4.h"

#include "crypto/digest.h"
#include "text/encoding.h"
#include "text/time_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace tapster {
namespace {

// The last one is not for S3: it binds a signed GetCallerIdentity request to the one Google identity pool that may see
// it.
constexpr std::array<std::string_view, 7> kSignedHeaders = {
    "content-md5", "content-type", "date", "if-match", "if-none-match", "range", "x-goog-cloud-target-resource"};
constexpr std::array<std::string_view, 4> kOwnHeaders = {"authorization", "x-amz-content-sha256", "x-amz-date",
                                                         "x-amz-security-token"};

template <std::size_t Size>
bool contains(const std::array<std::string_view, Size>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct UrlParts {
  std::string_view host;  // with a port unless it is the scheme's own: what the Host header says
  std::string_view path;
  std::string_view query;
};

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  const std::string_view default_port = url.starts_with("https:") ? ":443" : ":80";
  url = url.substr(0, url.find('#'));
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  parts.host = url.substr(0, end);
  parts.host.remove_prefix(parts.host.rfind('@') + 1);  // npos + 1 is 0
  if (parts.host.ends_with(default_port)) parts.host.remove_suffix(default_port.size());
  url.remove_prefix(end);
  const std::size_t question = std::min(url.find('?'), url.size());
  parts.path = question == 0 ? "/" : url.substr(0, question);
  if (question < url.size()) parts.query = url.substr(question + 1);
  return parts;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size())));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

// Trimmed, and runs of blanks made one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

struct CanonicalHeaders {
  std::string lines;
  std::string names;
};

CanonicalHeaders canonical_headers(const HttpHeaders& headers, std::string_view host) {
  std::vector<std::pair<std::string, std::string>> signed_ones = {{"host", std::string(host)}};
  for (const auto& [name, value] : headers) {
    std::string lower = to_lower(name);
    if (lower.starts_with("x-amz-") || contains(kSignedHeaders, lower)) {
      signed_ones.emplace_back(std::move(lower), canonical_value(value));
    }
  }
  std::stable_sort(signed_ones.begin(), signed_ones.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  CanonicalHeaders out;
  for (std::size_t i = 0; i < signed_ones.size(); ++i) {
    const auto& [name, value] = signed_ones[i];
    if (i != 0 && signed_ones[i - 1].first == name) {  // a header given twice is one, with a comma
      out.lines.back() = ',';
      out.lines.append(value).append("\n");
      continue;
    }
    out.lines.append(name).append(":").append(value).append("\n");
    if (i != 0) out.names += ';';
    out.names += name;
  }
  return out;
}

Sha256Digest signing_key(const Secret& secret, std::string_view date, const SigningScope& scope) {
  const Secret start("AWS4" + std::string(secret.reveal()));
  Sha256Digest key = hmac_sha256(as_bytes(start.reveal()), as_bytes(date));
  key = hmac_sha256(key, as_bytes(scope.region));
  key = hmac_sha256(key, as_bytes(scope.service));
  return hmac_sha256(key, as_bytes("aws4_request"));
}

}  // namespace

void sign_request(HttpRequest& request, const AwsCredentials& credentials, const SigningScope& scope, TimePoint now,
                  std::string_view payload_hash) {
  std::erase_if(request.headers, [](const auto& header) { return contains(kOwnHeaders, to_lower(header.first)); });
  const bool s3 = scope.service == "s3";
  const std::string timestamp = amz_timestamp(now);
  const std::string date = timestamp.substr(0, 8);
  if (s3) request.headers.emplace_back("x-amz-content-sha256", payload_hash);
  request.headers.emplace_back("x-amz-date", timestamp);
  if (!credentials.session_token.empty()) {
    request.headers.emplace_back("x-amz-security-token", credentials.session_token.reveal());
  }

  const UrlParts url = split_url(request.url);
  const CanonicalHeaders headers = canonical_headers(request.headers, url.host);
  // S3 alone computes from the path as it was sent; the other services encode it once more.
  const std::string canonical_request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, s3 ? std::string(url.path) : percent_encode_path(url.path),
                  canonical_query(url.query), headers.lines, headers.names, payload_hash);
  const std::string scope_text = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", timestamp, scope_text,
                                          hex_encode(sha256(as_bytes(canonical_request))));
  const Sha256Digest key = signing_key(credentials.secret_access_key, date, scope);
  request.headers.emplace_back(
      "Authorization",
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", credentials.access_key_id,
                  scope_text, headers.names, hex_encode(hmac_sha256(key, as_bytes(to_sign)))));
}

}  // namespace tapster
