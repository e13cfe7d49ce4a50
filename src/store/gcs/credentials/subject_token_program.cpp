// A program that prints the subject token ("Executable-sourced credentials", AIP-4117). It runs only where
// GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES is 1, for a credential file may come from anywhere.
#include "base/child_process.h"
#include "file/text_file.h"
#include "store/cloud/credentials/service_call.h"
#include "store/gcs/credentials/subject_token.h"
#include "text/json_member.h"
#include "text/one_line.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <nlohmann/json.hpp>

#include <utility>
#include <vector>

namespace tapster {
namespace {

using nlohmann::json;

constexpr const char* kPermission = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

class ProgramToken final : public SubjectToken {
 public:
  ProgramToken(const SubjectContext& context, const CredentialFile& program, Clock& clock)
      : clock_(clock),
        token_type_(context.token_type),
        output_file_(program.text("output_file")),
        timeout_(program.number("timeout_millis").value_or(30'000)) {
    if (timeout_ < Duration(5'000) || timeout_ > Duration(120'000)) {
      program.refuse("\"timeout_millis\" is not from 5000 to 120000");
    }
    const std::string command = program.required("command");
    std::vector<std::string> words;
    try {
      words = split_words(command);
    } catch (const Error&) {  // which quotes the command
      program.refuse("An open quote, or a backslash at its end, is in the \"command\"");
    }
    if (words.empty() || !words[0].starts_with('/')) program.refuse("No absolute path begins the \"command\"");
    program_ = words[0];
    // run_program hands on our environment, to which env adds what the program is told.
    words_ = {"/usr/bin/env", "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=" + context.audience,
              "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=" + token_type_, "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0"};
    if (!context.impersonated_email.empty()) {
      words_.push_back("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL=" + context.impersonated_email);
    }
    if (!output_file_.empty()) words_.push_back("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE=" + output_file_);
    words_.insert(words_.end(), words.begin(), words.end());
  }

  Secret fetch() override {
    if (auto kept = kept_token()) return std::move(*kept);
    const ProcessResult result = run();
    const Secret output(result.output);
    const json document = json::parse(output.reveal(), nullptr, false);
    if (!document.is_object()) {
      throw error(ErrorKind::general, "Cannot get a subject token from {}: it ended with status {} and printed no JSON",
                  name(), result.status);
    }
    const bool success = is_success(document);
    if (result.status != 0 && success) {
      throw error(ErrorKind::general, "Cannot get a subject token from {}: it ended with status {}", name(),
                  result.status);
    }
    if (!success) {
      throw error(ErrorKind::general, "Cannot get a subject token from {}: {}: {}", name(),
                  short_line(text_of(document, "code")), short_line(text_of(document, "message")));
    }
    Secret token = token_in(document);
    const auto expires = expiration(document);
    if (expires && *expires <= clock_.now()) {
      throw error(ErrorKind::general, "The subject token that {} printed has expired", name());
    }
    return token;
  }

  std::string name() const override { return fmt::format("the program {}", program_); }

 private:
  ProcessResult run() const {
    try {
      return run_program(words_, timeout_);
    } catch (const Error& problem) {  // which names env
      throw error(problem.kind(), "Cannot get a subject token from {}: {}", name(), problem.what());
    }
  }

  // What the program left for later, as long as it is valid.
  std::optional<Secret> kept_token() const {
    if (output_file_.empty()) return std::nullopt;
    const auto text = read_text_file(output_file_);
    if (!text) return std::nullopt;
    const json document = json::parse(*text, nullptr, false);
    if (!document.is_object() || !is_success(document)) return std::nullopt;
    const auto expires = expiration(document);
    if (!expires || *expires <= clock_.now()) return std::nullopt;
    log::debug("The subject token in {} is still valid", output_file_);
    return token_in(document);
  }

  bool is_success(const json& document) const {
    const auto success = document.find("success");
    if (!document.contains("version") || document["version"] != 1 || success == document.end() ||
        !success->is_boolean()) {
      throw error(ErrorKind::general, "The answer of {} does not say \"version\": 1 and \"success\"", name());
    }
    return success->get<bool>();
  }

  static std::optional<TimePoint> expiration(const json& document) {
    const auto found = document.find("expiration_time");
    if (found == document.end() || !found->is_number_integer()) return std::nullopt;
    return TimePoint(std::chrono::seconds(found->get<std::int64_t>()));
  }

  Secret token_in(const json& document) const {
    const std::string type = text_of(document, "token_type");
    if (type != token_type_) {
      throw error(ErrorKind::general, "The answer of {} has the token_type \"{}\", and {} is expected", name(),
                  short_line(type), token_type_);
    }
    const char* member = type.ends_with(":saml2") ? "saml_response" : "id_token";
    Secret token(text_of(document, member));
    if (token.empty()) throw error(ErrorKind::general, "The answer of {} has no {}", name(), member);
    return token;
  }

  Clock& clock_;
  std::string token_type_;
  std::string output_file_;
  Duration timeout_;
  std::string program_;
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<SubjectToken> subject_token_from_program(const SubjectContext& context, const Environment& environment,
                                                         Clock& clock) {
  const auto program = context.source.object("executable");
  if (!program) context.source.refuse("There is no \"executable\"");
  if (environment.get(kPermission) != "1") {
    context.source.refuse(
        fmt::format("A program to run (\"executable\") is not allowed unless {} is 1, and it stands", kPermission));
  }
  return std::make_unique<ProgramToken>(context, *program, clock);
}

}  // namespace tapster
