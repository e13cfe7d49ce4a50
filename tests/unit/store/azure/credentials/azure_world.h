// A place where somebody uses Azure Storage: variables, files, command-line tools, a scripted network and a clock.
// Secrets in it all contain "HUSH", and whatever get() or failure() bring about in the log or in an error is searched
// for that.
#pragma once

#include "store/azure/credentials/azure_token_sources.h"
#include "support/captured_log.h"
#include "support/catch.h"
#include "support/fake_clock.h"
#include "support/fake_http.h"
#include "support/scratch.h"
#include "text/time_text.h"

#include <sys/stat.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace tapster::test {

inline std::string kind_and_text(const Error& problem) {
  return std::string(problem.kind() == ErrorKind::network   ? "network: "
                     : problem.kind() == ErrorKind::general ? "general: "
                                                            : "another kind: ") +
         problem.what();
}

class AzureWorld {
 public:
  AzureWorld() : path_(std::getenv("PATH")) { ::setenv("PATH", tools_.path().c_str(), 1); }
  AzureWorld(const AzureWorld&) = delete;
  AzureWorld& operator=(const AzureWorld&) = delete;
  ~AzureWorld() { ::setenv("PATH", path_.c_str(), 1); }

  IdentityContext context() { return {IdentitySettings(MapEnvironment(variables)), http, clock}; }

  std::string write(const std::string& name, const std::string& text) const {
    write_file(files_ / name, text);
    return files_ / name;
  }
  std::string file(const std::string& name) const { return files_ / name; }
  std::string directory() const { return files_.path().string(); }

  // A program in the PATH, which is otherwise empty.
  void tool(const std::string& name, const std::string& script) const {
    write_file(tools_ / name, "#!/bin/sh\nPATH=/usr/bin:/bin\n" + script + "\n");
    ::chmod((tools_ / name).c_str(), 0700);
  }

  AccessToken fetch(TokenSource& source) {
    const CapturedLog captured(log::Level::debug);
    try {
      auto token = source.fetch();
      keep_log(captured);
      REQUIRE(token);
      return *token;
    } catch (const std::exception& problem) {
      keep_log(captured);
      CHECK_THAT(problem.what(), !ContainsSubstring("HUSH"));
      throw;
    }
  }
  AccessToken fetch(std::unique_ptr<TokenSource> (*make)(const IdentityContext&)) { return fetch(*make(context())); }

  // What fetch() dies of: "general: the message".
  std::string failure(TokenSource& source) {
    try {
      fetch(source);
    } catch (const Error& problem) {
      return kind_and_text(problem);
    }
    return "no failure";
  }
  std::string failure(std::unique_ptr<TokenSource> (*make)(const IdentityContext&)) {
    return failure(*make(context()));
  }

  std::map<std::string, std::string, std::less<>> variables;
  FakeHttp http;
  FakeClock clock{parse_rfc3339("2024-02-03T10:00:00Z").value()};
  std::string log;  // of all calls so far

 private:
  void keep_log(const CapturedLog& captured) {
    const std::string text = captured.text();
    CHECK_THAT(text, !ContainsSubstring("HUSH"));
    log += text;
  }

  ScratchDirectory files_;
  ScratchDirectory tools_;
  std::string path_;
};

// What Microsoft Entra ID answers.
inline std::string entra_token(const std::string& token) {
  return R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":")" + token + "\"}";
}

inline std::string entra_error(const std::string& code, const std::string& text) {
  return R"({"error":"invalid_client","error_description":")" + code + ": " + text +
         R"(\r\nTrace ID: 0123-trace\r\nCorrelation ID: 4567\r\nTimestamp: 2024-02-03 10:00:00Z","error_codes":[1],)"
         R"("trace_id":"0123-trace","correlation_id":"4567"})";
}

// What the endpoints of managed identities answer.
inline std::string identity_token(const std::string& token, const std::string& expires_on) {
  return R"({"access_token":")" + token + R"(","client_id":"c","expires_on":")" + expires_on +
         R"(","resource":"https://storage.azure.com/","token_type":"Bearer"})";
}

inline std::string text_of(const AccessToken& token) { return std::string(token.value.reveal()); }

inline std::string end_of(const AccessToken& token) { return token.expires ? amz_timestamp(*token.expires) : "never"; }

}  // namespace tapster::test
