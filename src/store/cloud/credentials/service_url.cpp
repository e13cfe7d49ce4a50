#include "store/cloud/credentials/service_url.h"

#include "text/encoding.h"

#include <arpa/inet.h>

#include <algorithm>

namespace tapster {
namespace {

std::optional<in_addr_t> ipv4(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<in6_addr> ipv6(const std::string& host) {
  in6_addr address{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return std::nullopt;
  return address;
}

}  // namespace

std::optional<std::string> authority_of(std::string_view url) {
  if (!std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; })) return std::nullopt;
  const std::size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return std::nullopt;
  url.remove_prefix(scheme);
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.empty() || authority.find_first_of("@\\") != std::string_view::npos) return std::nullopt;
  return std::string(authority);
}

std::optional<std::string> host_of(std::string_view url) {
  const auto authority = authority_of(url);
  if (!authority) return std::nullopt;
  if (!authority->starts_with('[')) {
    std::string host = to_lower(authority->substr(0, authority->find(':')));
    if (host.empty()) return std::nullopt;
    return host;
  }
  const std::size_t close = authority->find(']');
  if (close == std::string::npos) return std::nullopt;
  return to_lower(authority->substr(1, close - 1));
}

bool is_loopback(const std::string& host) {
  if (host == "localhost") return true;
  if (const auto v4 = ipv4(host)) return *v4 >> 24U == 127;
  const auto v6 = ipv6(host);
  return v6 && IN6_IS_ADDR_LOOPBACK(&*v6);
}

bool is_link_local(const std::string& host) {
  if (const auto v4 = ipv4(host)) return *v4 >> 16U == 0xa9fe;
  const auto v6 = ipv6(host);
  return v6 && IN6_IS_ADDR_LINKLOCAL(&*v6);
}

}  // namespace tapster
