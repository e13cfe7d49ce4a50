// AWS credentials: where they come from and how long they last.
#pragma once

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/http_client.h>
#include <tapster/secret.h>

#include <memory>
#include <optional>
#include <string>

namespace tapster {

class AwsProfile;

struct AwsCredentials {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;              // empty with permanent keys
  std::optional<TimePoint> expires;  // nullopt: never, as far as is known
};

// All methods may be called from several threads.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;

  // Credentials that are valid now. The first call follows the chain to them; later calls return the same ones and
  // renew them as Renewal::get does (store/cloud/credentials/renewal.h). While one thread fetches, the others wait for
  // its result. Throws Error: network when a service that should answer did not, general for everything else (nothing
  // found, refused, malformed settings).
  virtual AwsCredentials get() = 0;

  // Says that the store answered ExpiredToken or InvalidToken to `refused`. If they are still
  // the current ones, the next get() fetches anew; so several threads may say it of the same
  // credentials, and one renewal follows. Permanent keys come back unchanged.
  virtual void refuse(const AwsCredentials& refused) = 0;

  // Where the credentials came from, for people ("environment variables"); empty before the
  // first successful get().
  virtual std::string source() const = 0;
};

// The chain that AWS's own tools follow; the first link that applies decides:
//
//   environment variables (not when the profile was named by option), the profile's role_arn,
//   web identity token, SSO session, keys in the shared credentials file, credential_process,
//   keys in the configuration file, the container's endpoint, EC2 instance metadata.
//
// Does nothing by itself: a link is looked at when get() gets there. Everything is borrowed
// and must outlive the provider, the profile excepted. `http` is asked once per attempt: retries happen here.
// `region` is that of the command line, for the role services; the environment and the profile follow when it is empty.
std::unique_ptr<CredentialProvider> make_credential_provider(const AwsProfile& profile, const Environment& environment,
                                                             HttpClient& http, Clock& clock, std::string region = {});

}  // namespace tapster
