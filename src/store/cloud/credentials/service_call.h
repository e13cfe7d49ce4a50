// What the services that give credentials have in common: token endpoints, metadata servers.
#pragma once

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/http_client.h>

#include <string>
#include <string_view>

namespace tapster {

struct Patience {
  int attempts = 3;
  Duration pause{500};  // doubled after each attempt
};

// 429 and 5xx.
bool is_transient(const HttpResponse& response);

// Sends until an answer comes that another attempt would not change. `transient` says of which
// answers that is not true. The last answer is returned, whatever it is; no answer at all is a
// TransportError whose message names the `service`. `http` is asked once per attempt.
HttpResponse ask(HttpClient& http, Clock& clock, const HttpRequest& request, std::string_view service,
                 const Patience& patience = {}, bool (*transient)(const HttpResponse& response) = is_transient);

// An Error for an answer that brought no credentials: network if it was transient to the end, else general.
Error refusal(const HttpResponse& response, std::string_view service, std::string_view reason);

// What the body of a failed answer says, in one short line: the code and message of a JSON
// error, or the text itself.
std::string reason_in(const HttpResponse& response);

// The first 300 bytes, control characters as blanks.
std::string one_line(std::string_view text);

}  // namespace tapster
