#include "null_request.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 3], value, 16).ptr == &text[i + 3]) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

}  // namespace

std::optional<Request> parse_request(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.rfind(' ');
  if (first == std::string_view::npos || second <= first) return std::nullopt;
  Request request;
  request.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, second - first - 1);
  const auto mark = target.find('?');
  request.path = percent_decoded(target.substr(0, mark));
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  head.remove_prefix(line.size() + 2);
  for (auto end = head.find("\r\n"); end != 0 && end != std::string_view::npos; end = head.find("\r\n")) {
    const std::string_view field = head.substr(0, end);
    head.remove_prefix(end + 2);
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string name = lower(field.substr(0, colon));
    const std::string_view value = trimmed(field.substr(colon + 1));
    if (name == "content-length") {
      std::from_chars(value.data(), value.data() + value.size(), request.content_length);
    } else if (name == "transfer-encoding") {
      return std::nullopt;
    } else if (name == "expect") {
      request.expects_continue = true;
    } else if (name == "connection") {
      request.keeps_alive = lower(value) != "close";
    } else if (name == "range" && value.starts_with("bytes=")) {
      request.range = value.substr(6);
    } else if (name == "if-none-match") {
      request.only_if_absent = value == "*";
    } else if (name.starts_with("x-amz-meta-")) {
      request.metadata.append(field).append("\r\n");
    }
  }
  return request;
}

std::string query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return percent_decoded(pair.substr(name.size() + 1));
  }
  return {};
}

std::string kind_of(const Request& request) {
  if (request.method == "GET" &&
      (!query_parameter(request.query, "list-type").empty() || request.query.starts_with("uploads") ||
       request.query.find("prefix=") != std::string::npos))
    return "LIST";
  if (request.method == "POST" && request.query.starts_with("delete")) return "DELETE of many";
  return request.method;
}
