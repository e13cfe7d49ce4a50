#include "postgres/session.h"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace tapster {
namespace {

std::string quoted_value(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text += '\'';
}

// libpq quotes what it did not understand, and that may be a piece of a password.
std::string without_quotations(std::string_view text) {
  std::string plain;
  bool within = false;
  for (const char c : text) {
    if (c == '"') within = !within;
    if (c == '"' && within) plain += "\"...";
    if (!within) plain += c;
  }
  return plain;
}

}  // namespace

std::optional<std::string> conninfo_fault(const std::string& conninfo) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(conninfo.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owner(message, &PQfreemem);
  if (options) return std::nullopt;
  if (message == nullptr) return "out of memory";
  std::string reason = message;
  while (!reason.empty() && reason.back() == '\n') reason.pop_back();
  const bool may_hold_password = conninfo.find("passw") != std::string::npos || conninfo.find('@') != std::string::npos;
  return may_hold_password ? without_quotations(reason) : reason;
}

std::string make_conninfo(const std::string& host, const std::string& port, const std::string& user,
                          const std::string& dbname) {
  std::string conninfo;
  const auto add = [&conninfo](std::string_view keyword, const std::string& value) {
    if (value.empty()) return;
    if (!conninfo.empty()) conninfo += ' ';
    conninfo.append(keyword).append("=").append(quoted_value(value));
  };
  add("host", host);
  add("port", port);
  add("user", user);
  add("dbname", dbname);
  return conninfo;
}

std::string choose_conninfo(const std::string& host, const std::string& port, const std::string& user,
                            const std::string& dbname) {
  const bool whole = dbname.empty() || dbname.find('=') != std::string::npos || dbname.starts_with("postgresql://") ||
                     dbname.starts_with("postgres://");
  return whole ? dbname : make_conninfo(host, port, user, dbname);
}

}  // namespace tapster
