#include "store/cloud/credentials/service_url.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("the host and port of an address") {
  CHECK(authority_of("https://Example.com/path?query") == "Example.com");
  CHECK(authority_of("http://127.0.0.1:8080") == "127.0.0.1:8080");
  CHECK(authority_of("https://sts.amazonaws.com?Action=X") == "sts.amazonaws.com");
  CHECK(authority_of("http://[::1]:80/#f") == "[::1]:80");
  CHECK(host_of("https://Example.com:443/path") == "example.com");
  CHECK(host_of("http://[FE80::1]:80/") == "fe80::1");
}

TEST_CASE("what is no address has no host") {
  for (const char* url : {"", "example.com", "ftp://example.com/", "https://", "https:///path", "http://:80/",
                          "http://user@127.0.0.1/", "https://example.com\\@127.0.0.1/", "http://[::1/",
                          "https://example.com/a b", "https://example.com/\r\nHost: x", "http://ex\xc3\xa4mple.com/"}) {
    INFO(url);
    CHECK_FALSE(host_of(url));
  }
}

TEST_CASE("loopback and link-local hosts") {
  for (const char* host : {"localhost", "127.0.0.1", "127.255.0.9", "::1"}) {
    INFO(host);
    CHECK(is_loopback(host));
    CHECK_FALSE(is_link_local(host));
  }
  for (const char* host : {"169.254.169.254", "169.254.0.1", "fe80::1"}) {
    INFO(host);
    CHECK(is_link_local(host));
    CHECK_FALSE(is_loopback(host));
  }
  for (const char* host : {"128.0.0.1", "169.253.1.1", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com",
                           "127.1", "2130706433", "::2", "fd00:ec2::254", ""}) {
    INFO(host);
    CHECK_FALSE(is_loopback(host));
    CHECK_FALSE(is_link_local(host));
  }
}
