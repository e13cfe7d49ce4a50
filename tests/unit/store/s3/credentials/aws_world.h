// A user's AWS set-up: a home with files, variables, a scripted network and a clock. Secrets
// in it all contain "HUSH", and whatever get() or failure() bring about in the log or in an
// error is searched for that.
#pragma once

#include "store/s3/credentials/aws_credentials.h"
#include "store/s3/credentials/aws_profile.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_http.h"
#include "support/scratch.h"
#include "text/time_text.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

namespace tapster::test {

class AwsWorld {
 public:
  AwsWorld() {
    variables["HOME"] = home_.path();
    variables["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  AwsWorld(const AwsWorld&) = delete;
  AwsWorld& operator=(const AwsWorld&) = delete;

  std::string path(const std::string& name) const { return home_ / name; }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name)) << text;
    return path(name);
  }
  void config(const std::string& text) const { write(".aws/config", text); }
  void keys(const std::string& text) const { write(".aws/credentials", text); }

  CredentialProvider& provider() {
    if (provider_ == nullptr) {
      environment_ = std::make_unique<MapEnvironment>(variables);
      profile_ = std::make_unique<AwsProfile>(option, *environment_);
      provider_ = make_credential_provider(*profile_, *environment_, http, clock, region);
    }
    return *provider_;
  }
  AwsProfile& profile() {
    provider();
    return *profile_;
  }

  AwsCredentials get() {
    CredentialProvider& chain = provider();
    const CapturedLog captured(log::Level::debug);
    try {
      AwsCredentials credentials = chain.get();
      keep_log(captured);
      return credentials;
    } catch (const std::exception& problem) {
      keep_log(captured);
      CHECK_THAT(problem.what(), !ContainsSubstring("HUSH"));
      throw;
    }
  }
  std::string id() { return get().access_key_id; }
  std::string secret() { return std::string(get().secret_access_key.reveal()); }
  std::string token() { return std::string(get().session_token.reveal()); }

  // What get() dies of: "general: the message".
  std::string failure() {
    try {
      get();
    } catch (const Error& problem) {
      return std::string(problem.kind() == ErrorKind::network   ? "network: "
                         : problem.kind() == ErrorKind::general ? "general: "
                                                                : "another kind: ") +
             problem.what();
    }
    return "no failure";
  }

  std::map<std::string, std::string, std::less<>> variables;
  std::string option;  // --aws-profile
  std::string region;  // --region
  FakeHttp http;
  FakeClock clock{parse_rfc3339("2024-02-03T10:00:00Z").value()};
  std::string log;  // of all calls so far

 private:
  void keep_log(const CapturedLog& captured) {
    const std::string text = captured.text();
    CHECK_THAT(text, !ContainsSubstring("HUSH"));
    log += text;
  }

  ScratchDirectory home_;
  std::unique_ptr<MapEnvironment> environment_;
  std::unique_ptr<AwsProfile> profile_;
  std::unique_ptr<CredentialProvider> provider_;
};

// What STS answers.
inline std::string sts_answer(const std::string& operation, const std::string& id, const std::string& expires) {
  return "<" + operation + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + operation +
         "Result><AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn></"
         "AssumedRoleUser><Credentials><AccessKeyId>" +
         id + "</AccessKeyId><SecretAccessKey>HUSH-" + id + "</SecretAccessKey><SessionToken>HUSH-token-" + id +
         "</SessionToken><Expiration>" + expires + "</Expiration></Credentials></" + operation +
         "Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></" + operation + "Response>";
}

inline std::string sts_error(const std::string& code, const std::string& message) {
  return "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>" + code +
         "</Code><Message>" + message + "</Message></Error><RequestId>1</RequestId></ErrorResponse>";
}

// What containers' endpoints and the metadata service answer.
inline std::string json_answer(const std::string& id, const std::string& expires) {
  return R"({"Code":"Success","AccessKeyId":")" + id + R"(","SecretAccessKey":"HUSH-)" + id +
         R"(","Token":"HUSH-token-)" + id + R"(","Expiration":")" + expires + R"("})";
}

}  // namespace tapster::test
