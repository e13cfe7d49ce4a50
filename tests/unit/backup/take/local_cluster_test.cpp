#include "backup/take/local_cluster.h"

#include "backup/take/outside_files.h"
#include "support/catch.h"
#include "support/scratch.h"

#include <tapster/error.h>

#include <cstring>
#include <filesystem>

using namespace tapster;
using namespace tapster::test;
namespace fs = std::filesystem;

namespace {

constexpr std::int32_t kStandby = 5;
constexpr std::int32_t kPrimary = 6;

// A data directory as far as these checks look.
class World {
 public:
  explicit World(std::int32_t state = kPrimary) {
    fs::create_directories(facts.data_directory + "/global");
    fs::create_directories(facts.tablespaces[0].location);
    write("data/postmaster.pid", "1\n");
    std::string control(8192, '\0');
    const std::uint64_t identifier = 7710181699422938022;
    std::memcpy(control.data(), &identifier, sizeof identifier);
    std::memcpy(control.data() + 16, &state, sizeof state);
    write("data/global/pg_control", control);
  }
  std::string path(const std::string& name) const { return scratch / name; }
  void write(const std::string& name, const std::string& content) const { write_file(path(name), content); }
  std::string fault() const {
    try {
      check_local_cluster(facts);
    } catch (const Error& failure) {
      CHECK(failure.kind() == ErrorKind::operation);
      return failure.what();
    }
    return {};
  }

  ScratchDirectory scratch;
  ServerFacts facts = [this] {
    ServerFacts known;
    known.system_identifier = "7710181699422938022";
    known.data_directory = path("data");
    known.tablespaces = {{"ts1", 16385, path("ts1")}};
    return known;
  }();
};

}  // namespace

TEST_CASE("a data directory that is the server's passes, of a primary and of a standby") {
  CHECK(World().fault().empty());
  World standby(kStandby);
  standby.facts.in_recovery = true;
  CHECK(standby.fault().empty());
}

TEST_CASE("a server elsewhere is found out") {
  World world;
  SECTION("no such directory here") {
    fs::remove_all(world.facts.data_directory);
    CHECK_THAT(world.fault(), ContainsSubstring("cannot open " + world.facts.data_directory + ": No such file") &&
                                  ContainsSubstring("on the server's host"));
  }
  SECTION("another cluster") {
    world.facts.system_identifier = "1";
    CHECK_THAT(world.fault(), ContainsSubstring("its system identifier is 7710181699422938022, the server's is 1"));
  }
  SECTION("the same cluster, not running") {
    fs::remove(world.path("data/postmaster.pid"));
    CHECK_THAT(world.fault(), ContainsSubstring("no server is running there"));
  }
  SECTION("a primary's directory for a standby") {
    world.facts.in_recovery = true;
    CHECK_THAT(world.fault(), ContainsSubstring("it is a primary's, and the server is a standby"));
  }
  SECTION("a standby's directory for a primary") {
    World standby(kStandby);
    CHECK_THAT(standby.fault(), ContainsSubstring("it is a standby's, and the server is a primary"));
  }
}

TEST_CASE("what cannot be opened is named") {
  World world;
  SECTION("a tablespace") {
    fs::remove_all(world.path("ts1"));
    CHECK_THAT(world.fault(), ContainsSubstring("cannot open " + world.path("ts1")));
  }
  SECTION("a control file that is cut") {
    world.write("data/global/pg_control", "short");
    CHECK_THROWS_WITH(check_local_cluster(world.facts), ContainsSubstring("pg_control is too short"));
  }
}

TEST_CASE("configuration files outside of the data directory") {
  World world;
  fs::create_directories(world.path("etc"));
  fs::create_directory_symlink(world.path("data"), world.path("link"));
  world.facts.config_file = world.path("etc/postgresql.conf");
  world.facts.hba_file = world.path("data/pg_hba.conf");
  world.facts.ident_file = world.path("etc/ident.map");
  world.facts.included_files = {world.path("etc/conf.d/x.conf"), world.path("data/postgresql.auto.conf"),
                                world.path("link/y.conf"), world.path("data2/z.conf")};
  const auto files = configuration_outside(world.facts);
  REQUIRE(files.size() == 2);
  CHECK(files[0].path == world.path("etc/postgresql.conf"));
  CHECK(files[0].name == "postgresql.conf");
  CHECK(files[0].required);
  CHECK(files[1].name == "ident.map");
  CHECK_FALSE(files[1].required);
  CHECK(included_outside(world.facts) ==
        std::vector<std::string>{world.path("etc/conf.d/x.conf"), world.path("data2/z.conf")});
}
