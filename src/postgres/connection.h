// A connection to PostgreSQL, and queries that a stop cancels.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace tapster {

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

// The server sends text unconverted, so that paths are the bytes that the file system has. Its notices go to the
// log. Used by one thread at a time.
class PostgresConnection {
 public:
  // Blocks as libpq does (several hosts, connect_timeout); `stop` ends the wait. Throws Error (operation).
  PostgresConnection(const std::string& conninfo, const std::stop_token& stop);
  ~PostgresConnection();
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  int server_version() const noexcept;
  std::string parameter(const char* name) const;  // as the server reports it; "" when it does not

  // Runs one statement. Throws Error (operation): the server's message, "Connection lost ...", or, when `stop`
  // came first, "interrupted"; the statement has been cancelled then.
  Rows query(const std::string& sql, const std::vector<std::string>& parameters, const std::stop_token& stop);

  // Waits for up to so long, or for the stop. The reason when the idle connection died meanwhile.
  std::optional<std::string> watch_idle(int milliseconds, const std::stop_token& stop);

 private:
  using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;
  static void take_notice(void* self, const PGresult* result);
  Result next_result(const std::stop_token& stop);
  [[noreturn]] void interrupt();
  std::string loss() const;

  PGconn* connection_ = nullptr;
  std::string fatal_;  // what the server said last before it ended the session
};

}  // namespace tapster
