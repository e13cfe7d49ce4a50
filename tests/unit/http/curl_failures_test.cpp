// Exchanges that end badly, with a real server.
#include "http/curl_client.h"
#include "support/catch.h"
#include "unit/http/loopback_server.h"

#include <stop_token>
#include <thread>

using namespace tapster;
using namespace tapster::test;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Stage = TransportError::Stage;

namespace {

struct Sink final : ByteSink {
  void write(Bytes data) override {
    if (fails) throw std::length_error("the disk is full");
    text.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void finish() override {}
  bool fails = false;
  std::string text;
};

// Fails after a few bytes.
struct BadBody final : Body {
  std::uint64_t size() const override { return 1000; }
  void rewind() override {}
  std::size_t read(std::span<std::byte> out) override {
    if (++reads > 1) throw std::range_error("the file became shorter");
    return std::min<std::size_t>(10, out.size());
  }
  int reads = 0;
};

TransportError failure(CurlClient& client, const HttpRequest& request, ByteSink* sink = nullptr) {
  try {
    client.perform(request, sink);
  } catch (const TransportError& problem) {
    return problem;
  }
  throw std::logic_error("no failure");
}

// A port where nobody listens.
std::string dead_url() {
  const LoopbackServer gone(Script{});
  return gone.url();
}

}  // namespace

TEST_CASE("an answer that is cut is a failure to receive, and what came is in the sink") {
  Sink sink;
  std::string expected;
  Reply cut{"", true};
  SECTION("in its body") {
    cut.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
    expected = "abc";
  }
  SECTION("in a chunk") {
    cut.bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc";
    expected = "abc";
  }
  SECTION("in its headers") { cut.bytes = "HTTP/1.1 200 OK\r\nContent-Le"; }
  SECTION("before its first byte") {}
  LoopbackServer server(Script{cut});
  CurlClient client({});
  const TransportError problem = failure(client, {.url = server.url("/secret/path?q")}, &sink);
  CHECK(problem.stage() == Stage::receive);
  CHECK(problem.retryable());
  CHECK(problem.kind() == ErrorKind::network);
  CHECK_THAT(problem.what(), ContainsSubstring(server.url("") + ": ") && !ContainsSubstring("secret"));
  CHECK(sink.text == expected);
}

TEST_CASE("an answer that stalls is a time-out") {
  Reply stalled{"", true, milliseconds(10'000)};
  SECTION("before its first byte") {}
  SECTION("in its body") { stalled.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"; }
  LoopbackServer server(Script{stalled});
  CurlSettings settings;
  settings.read_timeout = milliseconds(1000);
  CurlClient client(settings);
  const auto start = steady_clock::now();
  const TransportError problem = failure(client, {.url = server.url()});
  const auto took = steady_clock::now() - start;
  CHECK(problem.stage() == Stage::timeout);
  CHECK(problem.retryable());
  CHECK_THAT(problem.what(), ContainsSubstring("no data moved for 1 s (see --read-timeout)"));
  CHECK(took >= milliseconds(1000));
  CHECK(took < milliseconds(5000));
}

TEST_CASE("an answer that moves is not a stalled one, nor is one that nobody waits for to hurry") {
  LoopbackServer server(Script{{"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", true, milliseconds(2500), "def"}});
  CurlSettings settings;
  settings.read_timeout = GENERATE(Duration(10'000), Duration::max() / 4);
  CurlClient client(settings);
  CHECK(client.perform({.url = server.url()}).body == "abcdef");
}

TEST_CASE("a request may have a time-out of its own") {
  LoopbackServer server(Script{{"", true, milliseconds(10'000)}});
  CurlClient client({});
  HttpRequest get{.url = server.url()};
  get.total_timeout = milliseconds(200);
  const auto start = steady_clock::now();
  const TransportError problem = failure(client, get);
  CHECK(problem.stage() == Stage::timeout);
  CHECK(problem.retryable());
  CHECK(steady_clock::now() - start < milliseconds(5000));
}

TEST_CASE("nobody listens") {
  CurlClient client({});
  const std::string url = dead_url();
  const TransportError problem = failure(client, {.url = url});
  CHECK(problem.stage() == Stage::connect);
  CHECK(problem.retryable());
  CHECK_THAT(problem.what(), ContainsSubstring(url.substr(0, url.size() - 1) + ": "));
}

TEST_CASE("a host that there is not") {
  CurlClient client({});
  const TransportError problem = failure(client, {.url = "http://no-such-host.invalid/"});
  CHECK(problem.stage() == Stage::resolve);
  CHECK(problem.retryable());
  CHECK_THAT(problem.what(), ContainsSubstring("(check the endpoint URL)"));
}

TEST_CASE("a proxy that there is not") {
  CurlSettings settings;
  settings.http_proxy = "http://no-such-proxy.invalid:3128";
  CurlClient client(settings);
  const TransportError problem = failure(client, {.url = "http://store.invalid/"});
  CHECK(problem.stage() == Stage::proxy);
  CHECK_THAT(problem.what(), ContainsSubstring("(check HTTP_PROXY and HTTPS_PROXY)"));
}

TEST_CASE("a URL that is none will not be one later") {
  CurlClient client({});
  const std::string url = GENERATE("http://host:port/?sig=hush", "gopherus://host/", "http://[::1/");
  const TransportError problem = failure(client, {.url = url});
  CHECK(problem.stage() == Stage::connect);
  CHECK_FALSE(problem.retryable());
  CHECK(problem.kind() == ErrorKind::general);
  CHECK_THAT(problem.what(), ContainsSubstring("(an endpoint is http://HOST[:PORT] or https://...)"));
  CHECK_THAT(problem.what(), !ContainsSubstring("hush"));
}

TEST_CASE("certificate authorities that cannot be read") {
  LoopbackServer server(Script{});
  CurlSettings settings;
  settings.ca_bundle = "/nonexistent/ca.crt";
  CurlClient client(settings);
  const TransportError problem = failure(client, {.url = "https" + server.url().substr(4)});
  CHECK(problem.stage() == Stage::tls);
  CHECK_FALSE(problem.retryable());
  CHECK(problem.kind() == ErrorKind::general);
  CHECK_THAT(problem.what(), ContainsSubstring("AWS_CA_BUNDLE"));
}

TEST_CASE("an answer without a sink is not collected without end") {
  const std::string large(33U << 20U, 'z');
  LoopbackServer server(Script{reply("200 OK", large)});
  CurlClient client({});
  try {
    client.perform({.url = server.url("/k") + "?sig=hush"});
    FAIL("no failure");
  } catch (const Error& problem) {
    CHECK(problem.kind() == ErrorKind::general);
    CHECK_THAT(problem.what(), ContainsSubstring("/k?...: the answer is larger than 33554432 bytes"));
  }
}

TEST_CASE("an answer with a sink may be as large as it likes") {
  const std::string large(33U << 20U, 'z');
  LoopbackServer server(Script{reply("200 OK", large)});
  CurlClient client({});
  Sink sink;
  client.perform({.url = server.url()}, &sink);
  CHECK(sink.text.size() == large.size());
}

TEST_CASE("what the sink, the body and the listener throw comes out unchanged, and the client goes on") {
  const bool empty = GENERATE(true, false);
  LoopbackServer server(Script{reply("200 OK", empty ? "" : "body"), reply("200 OK", "next")});
  CurlClient client({});
  HttpRequest get{.url = server.url()};
  SECTION("the listener") {
    get.on_headers = [](int, const HttpHeaders&) { throw std::domain_error("not this one"); };
    Sink sink;
    CHECK_THROWS_AS(client.perform(get, &sink), std::domain_error);
    CHECK(sink.text.empty());
  }
  SECTION("the sink") {
    Sink sink;
    sink.fails = true;
    if (empty) {
      CHECK_NOTHROW(client.perform(get, &sink));
    } else {
      CHECK_THROWS_AS(client.perform(get, &sink), std::length_error);
    }
  }
  get.on_headers = nullptr;
  CHECK(client.perform(get).body == "next");
}

TEST_CASE("a body that fails ends the exchange with its own words") {
  LoopbackServer server(Script{reply("200 OK", "")});
  CurlClient client({});
  BadBody body;
  HttpRequest put{.method = "PUT", .url = server.url()};
  put.body = &body;
  CHECK_THROWS_AS(client.perform(put), std::range_error);
}

TEST_CASE("a stop ends the wait for an answer, and the client goes on") {
  std::stop_source stop;
  LoopbackServer server({Reply{"", true, std::chrono::minutes(5)}, reply("200 OK", "fine")});
  CurlClient client{CurlSettings{}};
  HttpRequest request;
  request.url = server.url();
  request.stop = stop.get_token();
  const auto began = steady_clock::now();
  {
    const std::jthread signal([&] {
      while (server.received().empty()) std::this_thread::yield();
      stop.request_stop();
    });
    CHECK_THROWS_AS(client.perform(request), Interrupted);
  }
  CHECK(steady_clock::now() - began < std::chrono::seconds(30));
  CHECK_THROWS_AS(client.perform(request), Interrupted);  // before anything is sent
  request.stop = {};
  CHECK(client.perform(request).body == "fine");
  CHECK(server.received().size() == 2);
}

TEST_CASE("within its grace an exchange comes to its end although it was stopped") {
  std::stop_source stop;
  LoopbackServer server({Reply{"", false, std::chrono::seconds(2), reply("200 OK", "made").bytes},
                         Reply{"", true, std::chrono::minutes(5)}});
  CurlClient client{CurlSettings{}};
  HttpRequest request;
  request.url = server.url();
  request.stop = stop.get_token();
  request.grace = std::chrono::seconds(60);
  const auto stop_after = [&](std::size_t requests) {
    return std::jthread([&, requests] {
      while (server.received().size() < requests) std::this_thread::yield();
      stop.request_stop();
    });
  };
  {
    const std::jthread signal = stop_after(1);
    CHECK(client.perform(request).body == "made");
  }
  CHECK_THROWS_AS(client.perform(request), Interrupted);  // what has not begun does not
  stop = {};
  request.stop = stop.get_token();
  request.grace = std::chrono::milliseconds(200);
  const auto began = steady_clock::now();
  const std::jthread signal = stop_after(2);
  CHECK_THROWS_AS(client.perform(request), Interrupted);
  CHECK(steady_clock::now() - began >= request.grace);
  CHECK(steady_clock::now() - began < std::chrono::seconds(30));
}

TEST_CASE("a stop ends the wait for the rest of an answer") {
  struct StoppingSink final : ByteSink {
    void write(Bytes) override { stop.request_stop(); }
    void finish() override {}
    std::stop_source stop;
  } sink;
  const LoopbackServer server(
      {Reply{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true, std::chrono::minutes(5)}});
  CurlClient client{CurlSettings{}};
  HttpRequest request;
  request.url = server.url();
  request.stop = sink.stop.get_token();
  CHECK_THROWS_AS(client.perform(request, &sink), Interrupted);
}

TEST_CASE("a stop ends the wait for a server that takes no more of a body") {
  struct StoppingBody final : Body {
    std::uint64_t size() const override { return 1ULL << 30U; }
    void rewind() override {}
    std::size_t read(std::span<std::byte> out) override {
      stop.request_stop();
      return out.size();
    }
    std::stop_source stop;
  } body;
  const LoopbackServer server(Script{});  // accepts nothing: what is sent stays in the kernel's buffers
  CurlClient client{CurlSettings{}};
  HttpRequest request;
  request.method = "PUT";
  request.url = server.url();
  request.body = &body;
  request.stop = body.stop.get_token();
  CHECK_THROWS_AS(client.perform(request), Interrupted);
}
