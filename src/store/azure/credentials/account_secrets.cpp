#include "store/azure/credentials/account_secrets.h"

#include "text/encoding.h"

#include <tapster/error.h>

#include <algorithm>
#include <string>

namespace tapster {

Secret checked_account_key(std::string_view text, std::string_view origin) {
  text = trim(text);
  const auto bytes = base64_decode(text);
  if (!bytes || bytes->empty()) {
    throw error(ErrorKind::general,
                "{} is no account key: those are base64, as the portal shows them under \"Access keys\"", origin);
  }
  return Secret(std::string(text));
}

Secret checked_sas(std::string_view text, std::string_view origin) {
  text = trim(text);
  if (text.starts_with('?')) text.remove_prefix(1);
  const bool query = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  const bool is_signed = text.starts_with("sig=") || text.find("&sig=") != std::string_view::npos;
  if (!query || !is_signed) {
    throw error(ErrorKind::general, "{} is no shared access signature: those look like sv=...&se=...&sig=...{}", origin,
                query ? " (sig is missing)" : " (there is a character in it that no URL holds)");
  }
  return Secret(std::string(text));
}

}  // namespace tapster
