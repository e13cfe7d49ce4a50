// What Microsoft Entra ID says when it gives no token, and what helps.
#pragma once

#include <tapster/error.h>
#include <tapster/http_client.h>

#include <string_view>

namespace tapster {

// An Error in one line: the description with its AADSTS code, the trace id, and the likely cure. Network when another
// attempt may help, else general.
Error entra_refusal(const HttpResponse& response, std::string_view source);

}  // namespace tapster
