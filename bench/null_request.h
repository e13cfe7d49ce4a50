// What the null store reads of a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct Request {
  std::string method, path, query;
  std::uint64_t content_length = 0;
  bool expects_continue = false;
  bool keeps_alive = true;
  bool only_if_absent = false;  // If-None-Match: *
  std::string range;            // the text after "bytes="; empty for none
  std::string metadata;         // the lines of x-amz-meta-*, to be sent with the object
};

// Of a request line and its headers, up to the empty line; nothing when it cannot be served.
std::optional<Request> parse_request(std::string_view head);

// The decoded value of one query parameter, or "".
std::string query_parameter(std::string_view query, std::string_view name);

// What kind of request it is to someone who counts: LIST, GET, PUT, "DELETE of many" ...
std::string kind_of(const Request& request);
