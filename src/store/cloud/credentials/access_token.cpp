#include "store/cloud/credentials/access_token.h"

#include <utility>

namespace tapster {

TokenProvider::TokenProvider(std::unique_ptr<TokenSource> source, Clock& clock)
    : source_(std::move(source)),
      renewal_(
          [this] {
            auto token = source_->fetch();
            if (!token) throw error(ErrorKind::general, "There are no credentials in {}", source_->name());
            log::info("Fetched a token from {}", source_->name());
            return std::move(*token);
          },
          [this] { return source_->name(); }, clock) {}

void TokenProvider::refuse(const AccessToken& refused) {
  renewal_.forget_if([&](const AccessToken& current) { return current.value.reveal() == refused.value.reveal(); });
}

}  // namespace tapster
