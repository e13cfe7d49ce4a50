// A server on the loopback address that plays a script: it reads one request, sends raw bytes, and reads the next.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tapster::test {

struct ReceivedRequest {
  std::string head;  // request line and headers, in lower case
  std::string body;
  int connection = 0;  // 1 for the first one

  bool has(const std::string& text) const { return head.find(text) != std::string::npos; }
};

struct Reply {
  std::string bytes;                   // sent as they are, after the whole request was read
  bool close = false;                  // then the connection is closed
  std::chrono::milliseconds stall{0};  // then, or when the client hangs up, whichever is first
  std::string rest = {};               // sent after the stall
};

inline Reply reply(const std::string& status, const std::string& body, const std::string& headers = {}) {
  return {"HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
          body};
}

using Script = std::vector<Reply>;

class LoopbackServer {
 public:
  explicit LoopbackServer(std::vector<Reply> script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 8) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no loopback server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;
  // The clients must have gone, or the script must be at its end.
  ~LoopbackServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::vector<ReceivedRequest> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  void serve() {
    std::size_t next = 0;
    for (int number = 1; next < script_.size(); ++number) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      while (next < script_.size() && read_request(connection, number)) {
        const Reply& now = script_[next++];
        send_all(connection, now.bytes);
        if (now.stall.count() > 0) wait(connection, now.stall);
        send_all(connection, now.rest);
        if (now.close) break;
      }
      ::close(connection);
    }
  }

  bool read_request(int connection, int number) {
    ReceivedRequest request;
    request.connection = number;
    std::string text;
    std::size_t end = 0;
    while ((end = text.find("\r\n\r\n")) == std::string::npos) {
      if (!receive(connection, text)) return false;
    }
    request.head = text.substr(0, end + 2);
    std::transform(request.head.begin(), request.head.end(), request.head.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t at = request.head.find("\r\ncontent-length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::strtoul(request.head.c_str() + at + 18, nullptr, 10);
    text.erase(0, end + 4);
    bool whole = true;
    while (whole && text.size() < length) whole = receive(connection, text);
    request.body = text;
    const std::lock_guard lock(mutex_);
    received_.push_back(request);
    return whole;
  }

  static bool receive(int connection, std::string& text) {
    char buffer[65536];
    const ssize_t count = ::recv(connection, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    text.append(buffer, static_cast<std::size_t>(count));
    return true;
  }

  static void send_all(int connection, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t count = ::send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<std::size_t>(count);
    }
  }

  static void wait(int connection, std::chrono::milliseconds time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
    timeval limit{};
    limit.tv_sec = seconds.count();
    limit.tv_usec = std::chrono::microseconds(time - seconds).count();
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char byte = 0;
    static_cast<void>(::recv(connection, &byte, 1, 0));
  }

  std::vector<Reply> script_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<ReceivedRequest> received_;
  std::thread thread_;
};

}  // namespace tapster::test
