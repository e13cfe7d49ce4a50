#include "postgres/connection.h"

#include "postgres/stop_event.h"
#include "text/one_line.h"

#include <tapster/error.h>
#include <tapster/log.h>

#include <poll.h>

#include <array>
#include <condition_variable>
#include <thread>

namespace tapster {
namespace {

constexpr int kCancelWait = 5000;  // milliseconds that a cancelled query may take to end

std::string field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : one_line(text);
}

std::string message_of(const PGresult* result) {
  std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = one_line(PQresultErrorMessage(result));
  if (const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
    message.append(": ").append(detail);
  }
  if (const std::string hint = field(result, PG_DIAG_MESSAGE_HINT); !hint.empty()) {
    message.append(" (").append(hint).append(")");
  }
  return message;
}

// What comes first is overridden by the conninfo, what follows overrides it.
PGconn* connect(const std::string& conninfo) {
  const std::array<const char*, 7> names = {"fallback_application_name",
                                            "keepalives_idle",
                                            "keepalives_interval",
                                            "keepalives_count",
                                            "dbname",
                                            "client_encoding",
                                            nullptr};
  const std::array<const char*, 7> values = {"barman_cloud_backup", "60",        "10",   "6",
                                             conninfo.c_str(),      "SQL_ASCII", nullptr};
  return PQconnectdbParams(names.data(), values.data(), 1);
}

// PQconnectdb knows how to go from host to host with a time-out for each, but cannot be ended: after a stop its
// thread is left behind, and closes what it gets.
class Attempt {
 public:
  static PGconn* run(const std::string& conninfo, const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(ErrorKind::operation, "interrupted");
    const auto attempt = std::make_shared<Attempt>();
    std::thread([attempt, conninfo] { attempt->finish(connect(conninfo)); }).detach();
    std::unique_lock lock(attempt->mutex_);
    if (attempt->changed_.wait(lock, stop, [&] { return attempt->done_; })) return attempt->connection_;
    attempt->abandoned_ = true;
    throw Error(ErrorKind::operation, "interrupted");
  }

 private:
  void finish(PGconn* connection) {
    const std::lock_guard lock(mutex_);
    if (abandoned_) {
      PQfinish(connection);
    } else {
      connection_ = connection;
      done_ = true;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  PGconn* connection_ = nullptr;
  bool done_ = false;
  bool abandoned_ = false;
};

}  // namespace

PostgresConnection::PostgresConnection(const std::string& conninfo, const std::stop_token& stop)
    : connection_(Attempt::run(conninfo, stop)) {
  if (connection_ == nullptr) throw Error(ErrorKind::operation, "Cannot connect to postgres: out of memory");
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string reason = one_line(PQerrorMessage(connection_));
    PQfinish(connection_);
    throw error(ErrorKind::operation, "Cannot connect to postgres: {}", reason);
  }
  PQsetNoticeReceiver(connection_, &PostgresConnection::take_notice, this);
}

PostgresConnection::~PostgresConnection() { PQfinish(connection_); }

int PostgresConnection::server_version() const noexcept { return PQserverVersion(connection_); }

std::string PostgresConnection::parameter(const char* name) const {
  const char* const value = PQparameterStatus(connection_, name);
  return value == nullptr ? std::string() : value;
}

void PostgresConnection::take_notice(void* self, const PGresult* result) {
  const std::string severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  const std::string message = message_of(result);
  if (severity == "FATAL" || severity == "PANIC") {
    static_cast<PostgresConnection*>(self)->fatal_ = message;
  } else if (severity == "WARNING") {
    log::warning("PostgreSQL: {}", message);
  } else {
    log::info("PostgreSQL: {}", message);
  }
}

std::string PostgresConnection::loss() const {
  return "the connection to PostgreSQL is lost: " + (fatal_.empty() ? one_line(PQerrorMessage(connection_)) : fatal_);
}

void PostgresConnection::interrupt() {
  const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(connection_), &PQfreeCancel);
  std::array<char, 256> reason{};
  if (cancel && PQcancel(cancel.get(), reason.data(), static_cast<int>(reason.size())) != 0) {
    // Its end frees the session for what follows; a server that does not answer is not waited for.
    const StopEvent never{std::stop_token()};
    while (PQisBusy(connection_) != 0 && wait_for_socket(PQsocket(connection_), POLLIN, kCancelWait, never) &&
           PQconsumeInput(connection_) != 0) {
    }
  }
  throw Error(ErrorKind::operation, "interrupted");
}

PostgresConnection::Result PostgresConnection::next_result(const std::stop_token& stop) {
  const StopEvent event(stop);
  while (PQisBusy(connection_) != 0) {
    if (!wait_for_socket(PQsocket(connection_), POLLIN, -1, event)) interrupt();
    if (PQconsumeInput(connection_) == 0) throw Error(ErrorKind::operation, loss());
  }
  return {PQgetResult(connection_), &PQclear};
}

Rows PostgresConnection::query(const std::string& sql, const std::vector<std::string>& parameters,
                               const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::operation, "interrupted");
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  if (PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) == 0) {
    throw Error(ErrorKind::operation, loss());
  }
  Rows rows;
  std::string failure;
  while (const Result result = next_result(stop)) {
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      if (failure.empty()) failure = message_of(result.get());
      continue;
    }
    const int columns = PQnfields(result.get());
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      Row& values_of_row = rows.emplace_back();
      for (int column = 0; column < columns; ++column) {
        const bool null = PQgetisnull(result.get(), row, column) != 0;
        values_of_row.push_back(null ? std::nullopt
                                     : std::optional<std::string>(PQgetvalue(result.get(), row, column)));
      }
    }
  }
  if (PQstatus(connection_) != CONNECTION_OK) {
    if (fatal_.empty()) fatal_ = failure;
    throw Error(ErrorKind::operation, loss());
  }
  if (!failure.empty()) throw Error(ErrorKind::operation, failure);
  return rows;
}

std::optional<std::string> PostgresConnection::watch_idle(int milliseconds, const std::stop_token& stop) {
  const StopEvent event(stop);
  if (!wait_for_socket(PQsocket(connection_), POLLIN, milliseconds, event)) return std::nullopt;
  const bool alive = PQconsumeInput(connection_) != 0;
  static_cast<void>(PQisBusy(connection_));  // hands what the server said to take_notice
  if (alive && fatal_.empty()) return std::nullopt;
  return loss();
}

}  // namespace tapster
