// What a workload outside Google shows Google's Security Token Service to tell who it is: the credential_source of an
// external_account ("External account credentials", AIP-4117).
#pragma once

#include "store/gcs/credentials/google_credential_file.h"
#include "store/gcs/credentials/token_endpoint.h"

#include <tapster/environment.h>
#include <tapster/secret.h>

#include <memory>
#include <string>
#include <string_view>

namespace tapster {

class SubjectToken {
 public:
  virtual ~SubjectToken() = default;
  // Asks or reads anew, each time. Throws Error.
  virtual Secret fetch() = 0;
  virtual std::string name() const = 0;  // for people: "the token file /var/run/token"
};

// The members of the external_account that its sources ask for.
struct SubjectContext {
  CredentialFile source;  // "credential_source"
  std::string audience;
  std::string token_type;          // subject_token_type
  std::string impersonated_email;  // may be empty
};

// By what the credential_source has: file, url, environment_id (AWS) or executable. What is asked of the environment is
// asked now. Throws Error (general).
std::unique_ptr<SubjectToken> make_subject_token(const SubjectContext& context, const Environment& environment,
                                                 const GoogleNetwork& network);

std::unique_ptr<SubjectToken> subject_token_from_file(const CredentialFile& source);
std::unique_ptr<SubjectToken> subject_token_from_url(const CredentialFile& source, const GoogleNetwork& network);
std::unique_ptr<SubjectToken> subject_token_from_aws(const SubjectContext& context, const Environment& environment,
                                                     const GoogleNetwork& network);
std::unique_ptr<SubjectToken> subject_token_from_program(const SubjectContext& context, const Environment& environment,
                                                         Clock& clock);

}  // namespace tapster
