// Google's token endpoints: OAuth 2.0 (RFC 6749, 7523) and the Security Token Service (RFC 8693).
#pragma once

#include "store/cloud/credentials/access_token.h"
#include "store/cloud/cure.h"

#include <tapster/clock.h>
#include <tapster/error.h>
#include <tapster/http_client.h>
#include <tapster/secret.h>

#include <span>
#include <string>
#include <string_view>

namespace tapster {

// What sources use for as long as they live. Both are borrowed.
struct GoogleNetwork {
  HttpClient& http;
  Clock& clock;
};

// The body of a form. Built in a Secret, for assertions and refresh tokens stand in it.
class SecretForm {
 public:
  SecretForm& add(std::string_view name, std::string_view value);
  std::string_view reveal() const noexcept { return text_.reveal(); }

 private:
  Secret text_;
};

// Posts the form and reads access_token and expires_in. `service` names the endpoint and whose credentials are shown
// there. Throws Error: network when no usable answer came, general for a refusal, with its reason and cure.
AccessToken request_token(const GoogleNetwork& network, const std::string& url, const SecretForm& form,
                          const HttpHeaders& headers, const std::string& service, std::span<const Cure> cures);

// {"access_token": ..., "expires_in": SECONDS}, asked for at `asked`. Throws Error (general), in which `service`
// stands but nothing of the text.
AccessToken parse_token(std::string_view text, TimePoint asked, std::string_view service);

// An Error for an answer without credentials: the reason is taken from OAuth's errors and from those of Google's APIs
// ({"error": {"status": ..., "message": ...}}).
Error google_refusal(const HttpResponse& response, std::string_view service, std::span<const Cure> cures);

}  // namespace tapster
