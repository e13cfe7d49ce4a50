// Exchanges that end well, with a real server.
#include "http/curl_client.h"

#include "support/catch.h"
#include "unit/http/loopback_server.h"

using namespace tapster;
using namespace tapster::test;

namespace {

struct Sink final : ByteSink {
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override { FAIL("finish() is the caller's"); }
  std::string text;
};

HttpRequest request(const LoopbackServer& server, const std::string& method, Body* body = nullptr) {
  HttpRequest made{.method = method, .url = server.url("/a%20b/../c?x=%2F")};
  made.body = body;
  return made;
}

}  // namespace

TEST_CASE("a GET and its answer") {
  LoopbackServer server(Script{reply("200 OK", "the body", "X-One:  1 \r\nx-two: a: b\r\n")});
  CurlClient client({});
  HttpRequest get = request(server, "GET");
  get.headers = {{"X-Sent", "value"}, {"x-empty", ""}};
  const HttpResponse answer = client.perform(get);
  CHECK(answer.status == 200);
  CHECK(answer.body == "the body");
  REQUIRE(find_header(answer.headers, "x-one") != nullptr);
  CHECK(*find_header(answer.headers, "x-one") == "1");
  CHECK(*find_header(answer.headers, "X-TWO") == "a: b");
  const ReceivedRequest got = server.received().at(0);
  CHECK(got.head.starts_with("get /a%20b/../c?x=%2f http/1.1\r\n"));
  CHECK(got.has("\r\nx-sent: value\r\n"));
  CHECK(got.has("\r\nx-empty:"));
  CHECK(got.has("\r\nuser-agent: tapster/"));
  for (const char* absent : {"expect:", "transfer-encoding:", "content-length:", "content-type:", "accept-encoding:"}) {
    CHECK_FALSE(got.has(absent));
  }
}

TEST_CASE("a body goes with its length, whole and at once") {
  const std::string text(3'000'000, 'x');
  LoopbackServer server(Script{reply("200 OK", "")});
  CurlClient client({});
  MemoryBody body(text);
  const std::string method = GENERATE("PUT", "POST");
  CHECK(client.perform(request(server, method, &body)).status == 200);
  const ReceivedRequest got = server.received().at(0);
  CHECK(got.body == text);
  CHECK(got.has("\r\ncontent-length: 3000000\r\n"));
  for (const char* absent : {"expect:", "transfer-encoding:", "content-type:"}) CHECK_FALSE(got.has(absent));
}

TEST_CASE("a body's type is the caller's") {
  LoopbackServer server(Script{reply("200 OK", "")});
  CurlClient client({});
  MemoryBody body("a=b");
  HttpRequest post = request(server, "POST", &body);
  post.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  client.perform(post);
  CHECK(server.received().at(0).has("\r\ncontent-type: application/x-www-form-urlencoded\r\n"));
}

TEST_CASE("an empty PUT or POST says that it is empty") {
  LoopbackServer server(Script{reply("200 OK", "")});
  CurlClient client({});
  MemoryBody empty("");
  Body* body = GENERATE(true, false) ? &empty : nullptr;
  const std::string method = GENERATE("PUT", "POST");
  client.perform(request(server, method, body));
  const ReceivedRequest got = server.received().at(0);
  CHECK(got.has("\r\ncontent-length: 0\r\n"));
  for (const char* absent : {"expect:", "transfer-encoding:", "content-type:"}) CHECK_FALSE(got.has(absent));
}

TEST_CASE("a HEAD has a length and no body, a DELETE has neither") {
  LoopbackServer server(
      Script{{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"}, {"HTTP/1.1 204 No Content\r\n\r\n"}});
  CurlClient client({});
  const HttpResponse head = client.perform(request(server, "HEAD"));
  CHECK(head.status == 200);
  CHECK(*find_header(head.headers, "content-length") == "1000");
  CHECK(head.body.empty());
  CHECK(client.perform(request(server, "DELETE")).status == 204);
  CHECK(server.received().at(1).head.starts_with("delete "));
  CHECK(server.received().at(1).connection == 1);
}

TEST_CASE("connections are kept, across methods and refusals") {
  LoopbackServer server(
      {reply("200 OK", "1"), reply("404 Not Found", "2"), reply("503 Slow Down", "3"), reply("200 OK", "4")});
  CurlClient client({});
  MemoryBody body("text");
  CHECK(client.perform(request(server, "PUT", &body)).body == "1");
  CHECK(client.perform(request(server, "GET")).body == "2");
  CHECK(client.perform(request(server, "POST", &body)).body == "3");
  CHECK(client.perform(request(server, "GET")).body == "4");
  CHECK_FALSE(server.received().at(3).has("content-length"));  // nothing is left of the request before
  for (const ReceivedRequest& got : server.received()) CHECK(got.connection == 1);
}

TEST_CASE("a kept connection that has died is replaced, and the body sent from its beginning") {
  LoopbackServer server(Script{reply("200 OK", "1"), {"", true}, reply("200 OK", "2")});
  CurlClient client({});
  const std::string text(200'000, 'y');
  MemoryBody body(text);
  CHECK(client.perform(request(server, "PUT", &body)).body == "1");
  CHECK(client.perform(request(server, "PUT", &body)).body == "2");
  CHECK(server.received().at(2).connection == 2);
  CHECK(server.received().at(2).body == text);
}

TEST_CASE("only the bodies of 200 and 206 go to the sink") {
  LoopbackServer server(Script{reply("200 OK", "a"), reply("206 Partial Content", "b"), reply("404 Not Found", "c"),
                               reply("201 Created", "d"), reply("500 Oh", "e")});
  CurlClient client({});
  Sink sink;
  CHECK(client.perform(request(server, "GET"), &sink).body.empty());
  CHECK(client.perform(request(server, "GET"), &sink).body.empty());
  CHECK(client.perform(request(server, "GET"), &sink).body == "c");
  CHECK(client.perform(request(server, "GET"), &sink).body == "d");
  CHECK(client.perform(request(server, "GET"), &sink).body == "e");
  CHECK(sink.text == "ab");
}

TEST_CASE("headers are announced once, before the body, also when there is none") {
  const std::string status = GENERATE("200 OK", "404 Not Found");
  const std::string body = GENERATE("", "body");
  LoopbackServer server(Script{reply(status, body, "X-A: b\r\n")});
  CurlClient client({});
  Sink sink;
  int calls = 0;
  HttpRequest get = request(server, "GET");
  get.on_headers = [&](int status, const HttpHeaders& headers) {
    ++calls;
    CHECK((status == 200 || status == 404));
    CHECK(*find_header(headers, "x-a") == "b");
    CHECK(sink.text.empty());
  };
  client.perform(get, &sink);
  CHECK(calls == 1);
}

TEST_CASE("the headers of an interim answer are not those of the answer") {
  LoopbackServer server(
      {{"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"}});
  CurlClient client({});
  const HttpResponse answer = client.perform(request(server, "GET"));
  CHECK(answer.status == 200);
  CHECK(find_header(answer.headers, "x-early") == nullptr);
}

TEST_CASE("redirects are answers") {
  LoopbackServer server(Script{reply("307 Temporary Redirect", "", "Location: http://127.0.0.1:1/\r\n")});
  CurlClient client({});
  CHECK(client.perform(request(server, "GET")).status == 307);
}

TEST_CASE("a chunked answer, and one that ends with its connection") {
  LoopbackServer server(
      Script{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
             {"HTTP/1.0 200 OK\r\n\r\nfgh", true}});
  CurlClient client({});
  CHECK(client.perform(request(server, "GET")).body == "abcde");
  CHECK(client.perform(request(server, "GET")).body == "fgh");
}

TEST_CASE("a proxy is used for what is not excepted from it") {
  LoopbackServer server(Script{reply("200 OK", "")});
  CurlSettings settings;
  HttpRequest get{.method = "GET", .url = "http://store.invalid/key"};
  SECTION("used") {
    settings.http_proxy = server.url("");
    CurlClient(settings).perform(get);
    CHECK(server.received().at(0).head.starts_with("get http://store.invalid/key http/1.1\r\n"));
    return;
  }
  settings.http_proxy = "http://127.0.0.1:1";
  get.url = server.url("/key");
  SECTION("not for this request") { get.use_proxy = false; }
  SECTION("not for this host") { settings.no_proxy = "127.0.0.1"; }
  SECTION("not for this scheme") {
    settings.https_proxy = settings.http_proxy;
    settings.http_proxy = "";
  }
  CurlClient(settings).perform(get);
  CHECK(server.received().at(0).head.starts_with("get /key http/1.1\r\n"));
}
