// A pod whose service account stands for an application ("Use a Microsoft Entra Workload ID on AKS"): Kubernetes mounts
// a signed token that says so, and replaces it before it expires.
#include "file/text_file.h"
#include "store/azure/entra/entra.h"
#include "text/encoding.h"

#include <utility>

namespace tapster {
namespace {

class WorkloadIdentitySource final : public TokenSource {
 public:
  explicit WorkloadIdentitySource(IdentityContext context) : context_(std::move(context)) {}

  std::optional<AccessToken> fetch() override {
    const std::string& path = context_.settings.federated_token_file;
    require_settings(context_.settings, name(), {{"AZURE_FEDERATED_TOKEN_FILE", !path.empty()}});
    const auto text = read_text_file(path);
    if (!text) throw error(ErrorKind::general, "There is no file {} (AZURE_FEDERATED_TOKEN_FILE)", path);
    const Secret token{std::string(trim(*text))};
    if (token.empty()) throw error(ErrorKind::general, "The file {} (AZURE_FEDERATED_TOKEN_FILE) is empty", path);
    return ask_entra(context_, assertion_fields(token), name());
  }

  std::string name() const override {
    return fmt::format("Microsoft Entra ID (workload identity {})", context_.settings.client_id);
  }

 private:
  IdentityContext context_;
};

}  // namespace

std::unique_ptr<TokenSource> workload_identity_source(const IdentityContext& context) {
  return std::make_unique<WorkloadIdentitySource>(context);
}

}  // namespace tapster
