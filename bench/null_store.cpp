// An S3-shaped server that does as little as a server can, so that a benchmark against it shows
// what the client costs: signatures are never looked at, and the bytes of what is put are read and dropped (see
// null_objects.h).
//
//   null-store [--keep-all] [KEY=FILE]...
//
// Listens on a free port of 127.0.0.1 (plain http/1.1, keep-alive), prints the port on a line of
// its own and serves until it is killed. Every bucket exists, and all have the same objects: KEY with the bytes
// of FILE, whole and by range, and the names, metadata and sizes of what was put, at once or in parts; with --keep-all
// also its bytes, in memory. If-None-Match is honoured. A delete of many keys is answered and not done.
//
// GET /-requests tells how many requests of each kind there were, DELETE /-requests begins anew.
#include "null_objects.h"
#include "null_request.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
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
constexpr std::string_view kIsThere = "<Error><Code>PreconditionFailed</Code><Message>there is one</Message></Error>";
constexpr std::string_view kCounts = "/-requests";  // no name of a bucket

// How many requests of each kind there were. Thread-safe.
class Counts {
 public:
  void add(const std::string& kind) {
    const std::lock_guard lock(mutex_);
    ++counts_[kind];
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    counts_.clear();
  }
  // A line for each: "COUNT KIND".
  std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const auto& [kind, count] : counts_) all += std::to_string(count) + " " + kind + "\n";
    return all;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
};

class Connection {
 public:
  Connection(int socket, NullObjects& objects, Counts& counts) : socket_(socket), objects_(objects), counts_(counts) {}
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
        auto request = parse_request(std::string_view(pending_).substr(0, end + 4));
        pending_.erase(0, end + 4);
        if (!request) send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return request;
      }
      const auto count = pending_.size() > kMaxHead ? 0 : ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (count <= 0) return std::nullopt;
      pending_.append(buffer_.data(), static_cast<std::size_t>(count));
    }
  }

  // Reads the body; that of one that is to be kept stays in `body_`.
  bool swallow(std::uint64_t left) {
    const bool kept = objects_.keeps(left);
    const auto here = std::min<std::uint64_t>(left, pending_.size());
    auto body = std::make_shared<std::string>();
    if (kept) body->reserve(left);
    body->assign(pending_, 0, kept ? here : 0);
    pending_.erase(0, here);
    for (left -= here; left > 0;) {
      const auto count = ::recv(socket_, buffer_.data(), std::min<std::uint64_t>(left, buffer_.size()), 0);
      if (count <= 0) return false;
      if (kept) body->append(buffer_.data(), static_cast<std::size_t>(count));
      left -= static_cast<std::uint64_t>(count);
    }
    body_ = kept ? std::move(body) : nullptr;
    return true;
  }

  bool answer(const Request& request) {
    if (request.path == kCounts) return answer_counts(request);
    counts_.add(kind_of(request));
    const auto slash = request.path.find('/', 1);
    const std::string key = slash == std::string::npos ? "" : request.path.substr(slash + 1);
    const std::string upload = query_parameter(request.query, "uploadId");
    if (request.method == "PUT") {
      if (!upload.empty()) {
        const auto number = std::strtol(query_parameter(request.query, "partNumber").c_str(), nullptr, 10);
        objects_.put_part(upload, static_cast<int>(number), request.content_length, body_);
      } else if (!objects_.put(key, request.content_length, body_, request.metadata, request.only_if_absent)) {
        return reply("412 Precondition Failed", kXmlHeader, kIsThere, true);
      }
      return reply("200 OK", kObjectHeaders, {}, true);
    }
    if (request.method == "DELETE") {
      if (upload.empty())
        objects_.remove(key);
      else
        objects_.abort_upload(upload);
      return reply("204 No Content", {}, {}, true);
    }
    if (request.method == "POST") return answer_post(request, key, upload);
    const bool with_body = request.method != "HEAD";
    if (key.empty()) return reply("200 OK", kXmlHeader, listing(request), with_body);
    const auto object = objects_.find(key);
    if (!object)
      return reply("404 Not Found", kXmlHeader, "<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>",
                   with_body);
    if (with_body && !object->kept && object->file.size() != object->size)
      return reply("410 Gone", kXmlHeader,
                   "<Error><Code>Dropped</Code><Message>the null store dropped it</Message></Error>", true);
    return send_object(request, *object, with_body);
  }

  bool answer_post(const Request& request, const std::string& key, const std::string& upload) {
    if (request.query.starts_with("uploads"))
      return reply("200 OK", kXmlHeader,
                   "<InitiateMultipartUploadResult><UploadId>" + objects_.start_upload(request.metadata) +
                       "</UploadId></InitiateMultipartUploadResult>",
                   true);
    if (upload.empty()) return reply("200 OK", kXmlHeader, "<DeleteResult></DeleteResult>", true);
    if (!objects_.complete_upload(key, upload, request.only_if_absent))
      return reply("412 Precondition Failed", kXmlHeader, kIsThere, true);
    return reply("200 OK", kXmlHeader,
                 "<CompleteMultipartUploadResult><ETag>&quot;1&quot;</ETag></CompleteMultipartUploadResult>", true);
  }

  // What was counted since the counts were last removed; neither is counted itself.
  bool answer_counts(const Request& request) {
    if (request.method == "DELETE") counts_.clear();
    return reply("200 OK", "Content-Type: text/plain\r\n", counts_.text(), true);
  }

  std::string listing(const Request& request) const {
    if (request.query.starts_with("uploads"))
      return "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
    return objects_.listing(query_parameter(request.query, "prefix"), query_parameter(request.query, "delimiter"));
  }

  bool send_object(const Request& request, const NullObjects::Found& object, bool with_body) {
    const std::string headers = std::string(kObjectHeaders) + object.headers;
    if (request.range.empty())
      return send_head("200 OK", headers, object.size) && (!with_body || send_bytes(object, 0, object.size));
    std::uint64_t first = 0;
    std::uint64_t last = object.size - 1;
    const char* const end = request.range.data() + request.range.size();
    const auto parsed = std::from_chars(request.range.data(), end, first);
    if (parsed.ptr != end && *parsed.ptr == '-') std::from_chars(parsed.ptr + 1, end, last);
    last = std::min<std::uint64_t>(last, object.size - 1);
    if (object.size == 0 || first > last) return reply("416 Range Not Satisfiable", {}, {}, true);
    const std::string range = "Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
                              std::to_string(object.size) + "\r\n";
    return send_head("206 Partial Content", headers + range, last - first + 1) &&
           (!with_body || send_bytes(object, first, last - first + 1));
  }

  bool send_bytes(const NullObjects::Found& object, std::uint64_t first, std::uint64_t length) {
    if (!object.kept) return send(object.file.substr(first, length));
    for (const auto& piece : *object.kept) {
      const std::string_view part =
          std::string_view(*piece).substr(std::min<std::uint64_t>(first, piece->size()), length);
      if (!send(part)) return false;
      first -= std::min<std::uint64_t>(first, piece->size());
      length -= part.size();
    }
    return true;
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
  Counts& counts_;
  std::string pending_;                      // received and not yet consumed
  std::shared_ptr<const std::string> body_;  // of the current request, when it is to be kept
  std::array<char, 256 * 1024> buffer_;
};

bool load(int count, char** arguments, NullObjects& objects) {
  for (int i = 1; i < count; ++i) {
    const std::string text = arguments[i];
    if (text == "--keep-all") {
      objects.keep(~std::uint64_t{0});
      continue;
    }
    const auto mark = text.find('=');
    try {
      if (mark == 0 || mark == std::string::npos) throw std::runtime_error("not KEY=FILE");
      objects.add_file(text.substr(0, mark), text.substr(mark + 1));
    } catch (const std::exception& problem) {
      static_cast<void>(std::fprintf(stderr, "null-store: %s: %s\n", arguments[i], problem.what()));
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  NullObjects objects;
  Counts counts;
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
  static_cast<void>(std::fflush(stdout));
  for (;;) {
    const int socket = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::thread([socket, &objects, &counts] { Connection(socket, objects, counts).serve(); }).detach();
  }
}
