// A PostgreSQL that says what a test wants it to say.
#pragma once

#include "postgres/session.h"

#include <tapster/error.h>

#include <functional>
#include <string>
#include <vector>

namespace tapster::test {

// What outlives the session, which the course of a backup owns and closes.
struct FakeServer {
  ServerFacts facts;
  std::vector<std::string> calls;
  // Called before every call, with its name: may throw, and may request stops.
  std::function<void(const std::string& call)> before;
  std::stop_source lost;
  std::string loss;
  bool open = false;
};

class FakeSession final : public PostgresSession {
 public:
  explicit FakeSession(FakeServer& server) : server_(server) { server_.open = true; }
  FakeSession(const FakeSession&) = delete;
  FakeSession& operator=(const FakeSession&) = delete;
  ~FakeSession() override { server_.open = false; }

  ServerFacts facts() override {
    enter("facts");
    return server_.facts;
  }
  void check_privileges(const ServerFacts& /*facts*/) override { enter("check"); }
  BackupStart start_backup(const std::string& label, bool fast, const std::stop_token& /*stop*/) override {
    enter("start");
    server_.calls.push_back(label + (fast ? ", fast" : ""));
    return {0x2000028, "0/2000028", 1, {}};
  }
  std::stop_token watch() override {
    enter("watch");
    return server_.lost.get_token();
  }
  std::string lost() const override { return server_.loss; }
  BackupStop stop_backup(const std::stop_token& /*stop*/) override {
    enter("stop");
    return {0x3000100, "0/3000100", "START WAL LOCATION\n", 1, {}};
  }
  void switch_wal() override { enter("switch"); }
  void create_restore_point(const std::string& name) override {
    enter("restore point");
    server_.calls.push_back(name);
  }

 private:
  void enter(const std::string& call) {
    server_.calls.push_back(call);
    if (server_.before) server_.before(call);
  }
  FakeServer& server_;
};

}  // namespace tapster::test
