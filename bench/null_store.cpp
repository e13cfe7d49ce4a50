// An S3-shaped server that does as little as a server can, so that a benchmark against it shows
// what the client costs: signatures are never looked at, and the bytes of what is put are read and dropped (see
// null_objects.h).
//
//   null-store [KEY=FILE]...
//
// Listens on a free port of 127.0.0.1 (plain http/1.1, keep-alive), prints the port on a line of
// its own and serves until it is killed. Every bucket exists, and all have the same objects: KEY with the bytes
// of FILE, whole and by range, and the names and sizes of what was put, at once or in parts. A delete of many keys is
// answered and not done.
#include "null_objects.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::string_view kObjectHeaders =
    "ETag: \"0cc175b9c0f1b6a831c399e269772661\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
    "Accept-Ranges: bytes\r\n";

constexpr std::string_view kXmlHeader = "Content-Type: application/xml\r\n";

struct Request {
  std::string method, path, query;
  std::uint64_t content_length = 0;
  bool expects_continue = false;
  bool keeps_alive = true;
  std::string range;  // the text after "bytes="; empty for none
};

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

std::optional<Request> parse(std::string_view head) {
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
    }
  }
  return request;
}

// The decoded value of one query parameter, or "".
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return percent_decoded(pair.substr(name.size() + 1));
  }
  return {};
}

class Connection {
 public:
  Connection(int socket, NullObjects& objects) : socket_(socket), objects_(objects) {}
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void serve() {
    for (auto request = next_request(); request; request = next_request()) {
      if (request->expects_continue && !send("HTTP/1.1 100 Continue\r\n\r\n")) return;
      if (!swallow(request->content_length) || !answer(*request) || !request->keeps_alive) return;
    }
  }

 private:
  std::optional<Request> next_request() {
    for (;;) {
      const auto end = pending_.find("\r\n\r\n");
      if (end != std::string::npos) {
        auto request = parse(std::string_view(pending_).substr(0, end + 4));
        pending_.erase(0, end + 4);
        if (!request) send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return request;
      }
      const auto count = pending_.size() > kMaxHead ? 0 : ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (count <= 0) return std::nullopt;
      pending_.append(buffer_.data(), static_cast<std::size_t>(count));
    }
  }

  // Reads the body; what comes of a small one stays in `body_`.
  bool swallow(std::uint64_t left) {
    const bool kept = left <= NullObjects::kKept;
    const auto here = std::min<std::uint64_t>(left, pending_.size());
    body_.assign(pending_, 0, kept ? here : 0);
    pending_.erase(0, here);
    for (left -= here; left > 0;) {
      const auto count = ::recv(socket_, buffer_.data(), std::min<std::uint64_t>(left, buffer_.size()), 0);
      if (count <= 0) return false;
      if (kept) body_.append(buffer_.data(), static_cast<std::size_t>(count));
      left -= static_cast<std::uint64_t>(count);
    }
    return true;
  }

  bool answer(const Request& request) {
    const auto slash = request.path.find('/', 1);
    const std::string key = slash == std::string::npos ? "" : request.path.substr(slash + 1);
    const std::string upload = parameter(request.query, "uploadId");
    if (request.method == "PUT") {
      if (upload.empty())
        objects_.put(key, request.content_length, body_);
      else
        objects_.put_part(upload, parameter(request.query, "partNumber"), request.content_length);
      return reply("200 OK", kObjectHeaders, {}, true);
    }
    if (request.method == "DELETE") {
      if (upload.empty()) objects_.remove(key);
      return reply("204 No Content", {}, {}, true);
    }
    if (request.method == "POST") return reply("200 OK", kXmlHeader, answer_to_post(request, key, upload), true);
    const bool with_body = request.method != "HEAD";
    if (key.empty()) return reply("200 OK", kXmlHeader, listing(request), with_body);
    const auto object = objects_.find(key);
    if (!object)
      return reply("404 Not Found", kXmlHeader, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>",
                   with_body);
    if (object->kept) return send_object(request, *object->kept, with_body);
    if (object->file.size() == object->size) return send_object(request, object->file, with_body);
    if (!with_body) return send_head("200 OK", kObjectHeaders, object->size);
    return reply("410 Gone", kXmlHeader,
                 "<Error><Code>Dropped</Code><Message>the null store dropped it</Message></Error>", true);
  }

  std::string answer_to_post(const Request& request, const std::string& key, const std::string& upload) {
    if (request.query.starts_with("uploads"))
      return "<InitiateMultipartUploadResult><UploadId>" + objects_.start_upload() +
             "</UploadId></InitiateMultipartUploadResult>";
    if (upload.empty()) return "<DeleteResult></DeleteResult>";
    objects_.complete_upload(key, upload);
    return "<CompleteMultipartUploadResult><ETag>&quot;1&quot;</ETag></CompleteMultipartUploadResult>";
  }

  std::string listing(const Request& request) const {
    if (request.query.starts_with("uploads"))
      return "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
    return objects_.listing(parameter(request.query, "prefix"), parameter(request.query, "delimiter"));
  }

  bool send_object(const Request& request, std::string_view bytes, bool with_body) {
    if (request.range.empty()) return reply("200 OK", kObjectHeaders, bytes, with_body);
    std::uint64_t first = 0;
    std::uint64_t last = bytes.size() - 1;
    const char* const end = request.range.data() + request.range.size();
    const auto parsed = std::from_chars(request.range.data(), end, first);
    if (parsed.ptr != end && *parsed.ptr == '-') std::from_chars(parsed.ptr + 1, end, last);
    last = std::min<std::uint64_t>(last, bytes.size() - 1);
    if (bytes.empty() || first > last) return reply("416 Range Not Satisfiable", {}, {}, true);
    const std::string range = "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                              std::to_string(bytes.size()) + "\r\n";
    return reply("206 Partial Content", std::string(kObjectHeaders) + range, bytes.substr(first, last - first + 1),
                 with_body);
  }

  bool reply(std::string_view status, std::string_view headers, std::string_view body, bool with_body) {
    return send_head(status, headers, body.size()) && (!with_body || send(body));
  }

  bool send_head(std::string_view status, std::string_view headers, std::uint64_t length) {
    std::string head = "HTTP/1.1 " + std::string(status) + "\r\nServer: null-store\r\n" + std::string(headers);
    if (!status.starts_with("204")) head += "Content-Length: " + std::to_string(length) + "\r\n";
    head += "\r\n";
    return send(head);
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  int socket_;
  NullObjects& objects_;
  std::string pending_;  // received and not yet consumed
  std::string body_;     // of the current request, when it is small
  std::array<char, 256 * 1024> buffer_;
};

bool load(int count, char** arguments, NullObjects& objects) {
  for (int i = 1; i < count; ++i) {
    const std::string text = arguments[i];
    const auto mark = text.find('=');
    try {
      if (mark == 0 || mark == std::string::npos) throw std::runtime_error("not KEY=FILE");
      objects.add_file(text.substr(0, mark), text.substr(mark + 1));
    } catch (const std::exception& problem) {
      std::fprintf(stderr, "null-store: %s: %s\n", arguments[i], problem.what());
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  NullObjects objects;
  if (!load(argc, argv, objects)) return 3;
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, length) != 0 || ::listen(listener, 128) != 0 ||
      ::getsockname(listener, generic, &length) != 0) {
    std::perror("null-store: cannot listen on 127.0.0.1");
    return 4;
  }
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  for (;;) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::thread([socket, &objects] { Connection(socket, objects).serve(); }).detach();
  }
}
