// Bearer tokens (RFC 6750): what Azure and Google take in place of a signature.
#pragma once

#include "store/cloud/credentials/renewal.h"

#include <tapster/clock.h>
#include <tapster/secret.h>

#include <memory>
#include <optional>
#include <string>

namespace tapster {

struct AccessToken {
  Secret value;
  std::optional<TimePoint> expires;
};

class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // Asks anew, each time. nullopt: there is nothing of the kind here. Throws Error: network when a service that
  // should answer did not, general when it refused or is set up wrongly.
  virtual std::optional<AccessToken> fetch() = 0;
  virtual std::string name()
      const = 0;  // for people: "the managed identity (IMDS)"; may be called after the first fetch
};

// Keeps the token of one source, as Renewal does. Thread-safe. Memory only.
class TokenProvider {
 public:
  // The clock is borrowed.
  TokenProvider(std::unique_ptr<TokenSource> source, Clock& clock);

  AccessToken get() { return renewal_.get(); }
  // Says that the store answered 401 to this token: the next get() fetches anew, unless somebody did so meanwhile.
  void refuse(const AccessToken& refused);
  std::string source() const { return renewal_.source(); }

 private:
  std::unique_ptr<TokenSource> source_;
  Renewal<AccessToken> renewal_;
};

}  // namespace tapster
