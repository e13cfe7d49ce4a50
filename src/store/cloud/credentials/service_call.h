// What the services that give credentials have in common: token endpoints, metadata servers.
#pragma once

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/http_client.h>

#include <string>
#include <string_view>

namespace tapster {

struct Patience {
  int attempts = 3;     // in all
  Duration pause{500};  // after the first attempt; doubled after each later one
};

// 429 and 5xx.
bool is_transient(const HttpResponse& response);

// Sends the request, and sends it again as long as the answer is `transient` or the network failed, in as many attempts
// as `patience` allows. Returns the last answer, whatever it is. Throws TransportError, in which `service` stands, when
// the last attempt got none, or one failed that would fail again.
HttpResponse call_service(HttpClient& http, Clock& clock, const HttpRequest& request, std::string_view service,
                          const Patience& patience = {},
                          bool (*transient)(const HttpResponse& response) = is_transient);

// An Error for an answer that brought no credentials: network if it was transient to the end, else general.
Error refusal(const HttpResponse& response, std::string_view service, std::string_view reason);

// What the body of a refusal says, in one line of at most 300 bytes: the code and message of a JSON error, or the text
// itself.
std::string reason_in(const HttpResponse& response);

}  // namespace tapster
