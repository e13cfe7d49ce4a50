// Addresses of services that give credentials: where secrets may travel.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapster {

// HOST[:PORT] of http[s]://HOST[:PORT]/..., as a Host header says it. nullopt: the text has another form, names a user,
// or has characters that no URL has.
std::optional<std::string> authority_of(std::string_view url);

// The host of it alone: in lower case, without port and brackets.
std::optional<std::string> host_of(std::string_view url);

bool is_loopback(const std::string& host);    // "localhost", 127.0.0.0/8, ::1
bool is_link_local(const std::string& host);  // 169.254.0.0/16, fe80::/10: the cloud's own host

}  // namespace tapster
