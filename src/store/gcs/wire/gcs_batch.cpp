#include "store/gcs/wire/gcs_batch.h"

#include "text/encoding.h"
#include "text/number.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

namespace tapster {
namespace {

// The first line, without its end, which is cut off.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = trim(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

// Up to the empty line, which is cut off as well.
HttpHeaders take_headers(std::string_view& text) {
  HttpHeaders headers;
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return headers;
}

std::string boundary_in(const HttpHeaders& headers) {
  constexpr std::string_view kName = "boundary=";
  const std::string* type = find_header(headers, "content-type");
  const std::size_t at = type == nullptr ? std::string::npos : type->find(kName);
  if (at == std::string::npos) return {};
  std::string_view value = std::string_view(*type).substr(at + kName.size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
  }
  return std::string(trim(value.substr(0, value.find(';'))));
}

// "<response-12>" -> 12.
std::optional<std::size_t> number_of(const HttpHeaders& headers) {
  constexpr std::string_view kPrefix = "<response-";
  const std::string* id = find_header(headers, "content-id");
  if (id == nullptr || !id->starts_with(kPrefix) || !id->ends_with('>')) return std::nullopt;
  return parse_decimal<std::size_t>(id->substr(kPrefix.size(), id->size() - kPrefix.size() - 1));
}

std::optional<HttpResponse> read_http(std::string_view text) {
  const std::string_view status_line = take_line(text);
  const std::size_t blank = status_line.find(' ');
  if (!status_line.starts_with("HTTP/") || blank == std::string_view::npos) return std::nullopt;
  HttpResponse response;
  std::from_chars(status_line.data() + blank + 1, status_line.data() + status_line.size(), response.status);
  response.headers = take_headers(text);
  response.body = trim(text);
  return response;
}

}  // namespace

std::string gcs_delete_batch(std::span<const std::string> paths, const std::string& boundary) {
  std::string body;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    body +=
        fmt::format("--{}\r\nContent-Type: application/http\r\nContent-ID: <{}>\r\n\r\nDELETE {} HTTP/1.1\r\n\r\n\r\n",
                    boundary, i, paths[i]);
  }
  return body + "--" + boundary + "--\r\n";
}

std::vector<std::optional<HttpResponse>> read_gcs_batch(const HttpResponse& response, std::size_t calls) {
  std::vector<std::optional<HttpResponse>> answers(calls);
  const std::string boundary = boundary_in(response.headers);
  if (boundary.empty()) return answers;
  const std::string delimiter = "--" + boundary;
  std::string_view rest = response.body;
  rest.remove_prefix(std::min(rest.find(delimiter), rest.size()));
  while (rest.size() > delimiter.size()) {
    rest.remove_prefix(delimiter.size());
    if (rest.starts_with("--")) break;
    std::string_view part = rest.substr(0, rest.find("\n" + delimiter));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    take_line(part);  // what is left of the delimiter's
    const HttpHeaders headers = take_headers(part);
    if (const auto number = number_of(headers); number && *number < calls) answers[*number] = read_http(part);
  }
  return answers;
}

}  // namespace tapster
