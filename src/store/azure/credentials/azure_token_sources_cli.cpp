// Azure's command-line tools, in which somebody has signed in: az ("az account get-access-token") and azd ("azd auth
// token").
#include "base/child_process.h"
#include "store/azure/credentials/azure_token_answer.h"
#include "store/azure/credentials/azure_token_sources.h"
#include "store/cloud/credentials/service_call.h"
#include "text/one_line.h"

#include <utility>

namespace tapster {
namespace {

constexpr Duration kTimeout{30'000};  // az takes seconds to start

struct Tool {
  std::string name;
  std::vector<std::string> words;
  std::string token_member;
  std::string sign_in;
};

class ToolSource final : public TokenSource {
 public:
  explicit ToolSource(Tool tool) : tool_(std::move(tool)) {}

  // Whatever is wrong with the tool, it only means that it is of no use here.
  std::optional<AccessToken> fetch() override {
    ProcessResult result;
    try {
      result = run_program(tool_.words, kTimeout, ErrorOutput::collected);
    } catch (const Error& problem) {
      throw NotAvailable(name(), problem.what());
    }
    const Secret output(std::move(result.output));
    if (result.status != 0) {
      const std::string said = short_line(result.errors);
      throw NotAvailable(name(),
                         fmt::format("{} ended with status {}{}{} (is somebody signed in? try \"{}\")", tool_.words[0],
                                     result.status, said.empty() ? "" : ": ", said, tool_.sign_in));
    }
    try {
      return parse_tool_token(output.reveal(), tool_.token_member, name());
    } catch (const Error&) {
      throw NotAvailable(name(), fmt::format("{} printed no token", tool_.words[0]));
    }
  }

  std::string name() const override { return tool_.name; }

 private:
  Tool tool_;
};

}  // namespace

std::unique_ptr<TokenSource> azure_cli_source(const IdentityContext& /*context*/) {
  return std::make_unique<ToolSource>(
      Tool{"the Azure CLI",
           {"az", "account", "get-access-token", "--output", "json", "--resource", std::string(kStorageResource)},
           "accessToken",
           "az login"});
}

std::unique_ptr<TokenSource> azure_developer_cli_source(const IdentityContext& /*context*/) {
  return std::make_unique<ToolSource>(
      Tool{"the Azure Developer CLI",
           {"azd", "auth", "token", "--output", "json", "--no-prompt", "--scope", std::string(kEntraStorageScope)},
           "token",
           "azd auth login"});
}

}  // namespace tapster
