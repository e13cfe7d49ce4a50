// A profile with credential_process: a program that prints credentials ("Sourcing credentials
// with an external process", AWS SDKs and Tools Reference Guide).
#include "base/child_process.h"
#include "store/s3/credentials/aws_credential_request.h"
#include "store/s3/credentials/aws_credential_sources.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <utility>

namespace tapster {
namespace {

constexpr Duration kProgramTimeout{60'000};

class ProcessSource final : public CredentialSource {
 public:
  ProcessSource(std::vector<std::string> words, std::string profile)
      : words_(std::move(words)), profile_(std::move(profile)) {}

  std::optional<AwsCredentials> fetch() override {
    const ProcessResult result = run_program(words_, kProgramTimeout);
    if (result.status != 0) {
      throw error(ErrorKind::general, "Cannot get credentials from {}: it ended with status {}", name(), result.status);
    }
    const Secret output(result.output);
    const auto document = nlohmann::json::parse(output.reveal(), nullptr, false);
    if (document.is_object() && (!document.contains("Version") || document["Version"] != 1)) {
      throw error(ErrorKind::general, "The answer of {} does not say \"Version\": 1", name());
    }
    return parse_credentials(output.reveal(), name(), {.token = "SessionToken"});
  }

  // The program alone: its arguments may be anything.
  std::string name() const override {
    return fmt::format("the credential_process {} of profile \"{}\"", words_[0], profile_);
  }

 private:
  std::vector<std::string> words_;
  std::string profile_;
};

}  // namespace

std::unique_ptr<CredentialSource> link_process(const CredentialContext& context) {
  const auto command = context.profile.get("credential_process");
  if (!command) return nullptr;
  std::vector<std::string> words;
  try {
    words = split_words(*command);
  } catch (const Error& problem) {
    throw error(ErrorKind::general, "The credential_process of profile \"{}\": {}", context.profile.name(),
                problem.what());
  }
  return std::make_unique<ProcessSource>(std::move(words), context.profile.name());
}

}  // namespace tapster
