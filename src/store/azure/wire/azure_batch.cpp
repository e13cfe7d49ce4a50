#include "store/azure/wire/azure_batch.h"

#include "text/encoding.h"
#include "text/number.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace tapster {
namespace {

std::string_view path_and_query(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  return url.substr(url.find('/'));
}

std::string boundary_of(const HttpResponse& response) {
  constexpr std::string_view kName = "boundary=";
  const auto* type = find_header(response.headers, "content-type");
  const std::size_t at = type == nullptr ? std::string::npos : type->find(kName);
  if (at == std::string::npos) return {};
  std::string boundary = type->substr(at + kName.size());
  boundary = boundary.substr(0, boundary.find(';'));
  if (boundary.size() > 1 && boundary.front() == '"') boundary = boundary.substr(1, boundary.find('"', 1) - 1);
  return boundary;
}

// One part: its own headers, a blank line, a status line, headers, and a body that does not matter.
void read_part(std::string_view part, std::map<std::size_t, BatchOutcome>& outcomes) {
  constexpr std::string_view kProtocol = "HTTP/1.1 ";
  std::optional<std::size_t> id;
  BatchOutcome outcome;
  while (!part.empty()) {
    const std::size_t end = std::min(part.find('\n'), part.size());
    const std::string_view line = trim(part.substr(0, end));
    part.remove_prefix(std::min(end + 1, part.size()));
    if (line.empty() && outcome.status != 0) break;
    if (line.starts_with(kProtocol)) {
      const std::string_view status = line.substr(kProtocol.size());
      outcome.status = parse_decimal<int>(status.substr(0, status.find(' '))).value_or(0);
    }
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string name = to_lower(line.substr(0, colon));
    const std::string_view value = trim(line.substr(std::min(colon + 1, line.size())));
    if (name == "content-id") id = parse_decimal<std::size_t>(value);
    if (name == "x-ms-error-code") outcome.error_code = value;
  }
  if (id && outcome.status != 0) outcomes[*id] = std::move(outcome);
}

}  // namespace

std::string batch_document(std::span<const HttpRequest> requests, const std::string& boundary) {
  std::string document;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    document += fmt::format(
        "--{}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {}\r\n\r\n"
        "{} {} HTTP/1.1\r\n",
        boundary, i, requests[i].method, path_and_query(requests[i].url));
    for (const auto& [name, value] : requests[i].headers) document += fmt::format("{}: {}\r\n", name, value);
    document += "Content-Length: 0\r\n\r\n";
  }
  return document + fmt::format("--{}--\r\n", boundary);
}

std::map<std::size_t, BatchOutcome> read_batch_answer(const HttpResponse& response) {
  std::map<std::size_t, BatchOutcome> outcomes;
  const std::string boundary = boundary_of(response);
  if (boundary.empty()) return outcomes;
  const std::string separator = "--" + boundary;
  std::string_view rest = response.body;
  for (std::size_t at = rest.find(separator); at != std::string_view::npos; at = rest.find(separator)) {
    read_part(rest.substr(0, at), outcomes);
    rest.remove_prefix(at + separator.size());
  }
  read_part(rest, outcomes);
  return outcomes;
}

}  // namespace tapster
