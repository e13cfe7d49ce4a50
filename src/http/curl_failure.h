// What libcurl's error codes mean for a request.
#pragma once

#include <tapster/http_client.h>

#include <curl/curl.h>

#include <string>

namespace tapster {

struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string reason;       // libcurl's words
  long system_error = 0;    // errno of the connection, 0 when there was none
  Duration read_timeout{};  // the one that ended the exchange, for CURLE_ABORTED_BY_CALLBACK
};

// One line with the server, libcurl's words and the likely cure. Whether it can be tried again depends on the code:
// connections that failed can, certificates that were refused cannot. Of the URL only scheme, host and port are in it;
// one that libcurl does not understand is shown as text/shown_url.h says.
TransportError to_transport_error(const CurlFailure& failure, const std::string& url);

}  // namespace tapster
