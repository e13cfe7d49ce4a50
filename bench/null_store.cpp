// An S3-shaped server that does as little as a server can, so that a benchmark against it shows
// what the client costs: bodies of PUT are read and dropped, signatures are never looked at.
//
//   null-store [KEY=FILE]...
//
// Listens on a free port of 127.0.0.1 (plain http/1.1, keep-alive), prints the port on a line of
// its own and serves until it is killed. Every bucket exists, and has the objects KEY with the bytes
// of FILE; whatever is put there is gone at once.
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
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace {

using Objects = std::map<std::string, std::string, std::less<>>;

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
  Connection(int socket, const Objects& objects) : socket_(socket), objects_(objects) {}
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

  bool swallow(std::uint64_t left) {
    const auto here = std::min<std::uint64_t>(left, pending_.size());
    pending_.erase(0, here);
    for (left -= here; left > 0;) {
      const auto count = ::recv(socket_, buffer_.data(), std::min<std::uint64_t>(left, buffer_.size()), 0);
      if (count <= 0) return false;
      left -= static_cast<std::uint64_t>(count);
    }
    return true;
  }

  bool answer(const Request& request) {
    if (request.method == "PUT") return reply("200 OK", kObjectHeaders, {}, true);
    if (request.method == "DELETE") return reply("204 No Content", {}, {}, true);
    if (request.method == "POST") return reply("200 OK", kXmlHeader, multipart_answer(request), true);
    const bool is_bucket = request.path.find_first_not_of('/', request.path.find('/', 1)) == std::string::npos;
    const bool with_body = request.method != "HEAD";
    if (is_bucket) return reply("200 OK", kXmlHeader, listing(request), with_body);
    const auto object = objects_.find(std::string_view(request.path).substr(request.path.find('/', 1) + 1));
    if (object == objects_.end())
      return reply("404 Not Found", kXmlHeader, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>",
                   with_body);
    return send_object(request, object->second, with_body);
  }

  // Starts or completes an upload in parts, as clients send it for files of some size.
  static std::string_view multipart_answer(const Request& request) {
    if (request.query.starts_with("uploads"))
      return "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    return "<CompleteMultipartUploadResult><ETag>&quot;1&quot;</ETag></CompleteMultipartUploadResult>";
  }

  std::string listing(const Request& request) const {
    const std::string prefix = parameter(request.query, "prefix");
    std::string entries;
    std::size_t count = 0;
    for (const auto& [key, bytes] : objects_) {
      if (!key.starts_with(prefix)) continue;
      ++count;
      entries += "<Contents><Key>" + key + "</Key><Size>" + std::to_string(bytes.size()) +
                 "</Size><ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag>"
                 "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>";
    }
    return "<?xml version=\"1.0\"?><ListBucketResult><Name>null</Name><Prefix>" + prefix +
           "</Prefix><MaxKeys>1000</MaxKeys><KeyCount>" + std::to_string(count) +
           "</KeyCount><IsTruncated>false</IsTruncated>" + entries + "</ListBucketResult>";
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
    std::string head = "HTTP/1.1 " + std::string(status) + "\r\nServer: null-store\r\n" + std::string(headers);
    if (!status.starts_with("204")) head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    head += "\r\n";
    return send(head) && (!with_body || send(body));
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
  const Objects& objects_;
  std::string pending_;  // received and not yet consumed
  std::array<char, 256 * 1024> buffer_;
};

std::optional<Objects> load(int count, char** arguments) {
  Objects objects;
  for (int i = 1; i < count; ++i) {
    const std::string_view text = arguments[i];
    const auto mark = text.find('=');
    std::ifstream file(std::string(text.substr(mark + 1)), std::ios::binary);
    if (mark == 0 || mark == std::string_view::npos || !file) {
      std::fprintf(stderr, "null-store: %s: not KEY=FILE, or the file cannot be read\n", arguments[i]);
      return std::nullopt;
    }
    objects[std::string(text.substr(0, mark))].assign(std::istreambuf_iterator<char>(file), {});
  }
  return objects;
}

}  // namespace

int main(int argc, char** argv) {
  const auto objects = load(argc, argv);
  if (!objects) return 3;
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
    std::thread([socket, &objects] { Connection(socket, *objects).serve(); }).detach();
  }
}
