#include "store/azure/credentials/shared_key.h"

#include "crypto/digest.h"
#include "text/encoding.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace tapster {
namespace {

// In the order in which they are signed. Content-Length, which stands behind the second, is the body's.
constexpr std::array<std::string_view, 2> kBeforeLength = {"content-encoding", "content-language"};
constexpr std::array<std::string_view, 8> kBehindLength = {"content-md5",         "content-type", "date",
                                                           "if-modified-since",   "if-match",     "if-none-match",
                                                           "if-unmodified-since", "range"};

void append_headers(std::string& out, const HttpHeaders& headers) {
  std::vector<std::pair<std::string, std::string_view>> own;
  for (const auto& [name, value] : headers) {
    std::string lower = to_lower(name);
    if (lower.starts_with("x-ms-")) own.emplace_back(std::move(lower), trim(value));
  }
  std::sort(own.begin(), own.end());
  for (const auto& [name, value] : own) out.append(name).append(":").append(value).append("\n");
}

// Decoded; several values of one name are one, in order and with commas.
std::map<std::string, std::vector<std::string>> parameters(std::string_view query) {
  std::map<std::string, std::vector<std::string>> found;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (parameter.empty()) continue;
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    found[to_lower(percent_decode(parameter.substr(0, equals)))].push_back(
        percent_decode(parameter.substr(std::min(equals + 1, parameter.size()))));
  }
  for (auto& [name, values] : found) std::sort(values.begin(), values.end());
  return found;
}

void append_resource(std::string& out, std::string_view url, std::string_view account) {
  url.remove_prefix(std::min(url.find("://") + 3, url.size()));
  url.remove_prefix(std::min(url.find_first_of("/?"), url.size()));
  const std::size_t question = std::min(url.find('?'), url.size());
  out.append("/").append(account).append(question == 0 ? "/" : url.substr(0, question));
  for (const auto& [name, values] : parameters(url.substr(std::min(question + 1, url.size())))) {
    out.append("\n").append(name).append(":");
    for (std::size_t i = 0; i < values.size(); ++i) out.append(i == 0 ? "" : ",").append(values[i]);
  }
}

}  // namespace

std::string string_to_sign(const HttpRequest& request, std::string_view account) {
  std::string text = request.method + "\n";
  const auto append = [&](std::string_view name) {
    const std::string* value = find_header(request.headers, name);
    if (value != nullptr) text += *value;
    text += '\n';
  };
  for (const std::string_view name : kBeforeLength) append(name);
  if (request.body != nullptr && request.body->size() > 0) text += std::to_string(request.body->size());
  text += '\n';
  for (const std::string_view name : kBehindLength) append(name);
  append_headers(text, request.headers);
  append_resource(text, request.url, account);
  return text;
}

void sign_shared_key(HttpRequest& request, const std::string& account, const Secret& key) {
  const auto bytes = base64_decode(key.reveal());
  if (!bytes)
    throw error(ErrorKind::general, "the key of the storage account {} is not base64: copy it again", account);
  const std::string text = string_to_sign(request, account);
  request.headers.emplace_back(
      "Authorization", fmt::format("SharedKey {}:{}", account, base64_encode(hmac_sha256(*bytes, as_bytes(text)))));
}

}  // namespace tapster
