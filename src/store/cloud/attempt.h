// One attempt of a call to a service.
#pragma once

#include "store/cloud/retries.h"

#include <tapster/http_client.h>

#include <optional>
#include <string>

namespace tapster {

// One request of a call, named `what` ("GetObject of s3://bucket/key"), and its answer, whatever its status. nullopt:
// the connection failed, and the pause before the next attempt is over. Throws TransportError, with `what` before its
// words, when there is none: its attempts are used up, it would fail again, or a part of the body has reached the
// sink, which would get it twice. Throws Interrupted, and what the body, the sink and on_headers throw, unchanged.
std::optional<HttpResponse> attempt(HttpClient& http, const HttpRequest& request, ByteSink* sink,
                                    const std::string& what, Retries& retries);

}  // namespace tapster
