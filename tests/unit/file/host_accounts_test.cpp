#include "file/host_accounts.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("users and groups are found by number and by name") {
  HostAccounts accounts;
  for (int again = 0; again < 2; ++again) {
    CHECK(accounts.user_name(0) == "root");
    CHECK(accounts.group_name(0) == "root");
    CHECK(accounts.user("root") == uid_t{0});
    CHECK(accounts.group("root") == gid_t{0});
  }
}

TEST_CASE("a number without a name has an empty one, a name that is unknown has no number") {
  HostAccounts accounts;
  CHECK(accounts.user_name(4'000'000'001U).empty());
  CHECK(accounts.group_name(4'000'000'001U).empty());
  CHECK(accounts.user("no-such-user") == std::nullopt);
  CHECK(accounts.group("no-such-group") == std::nullopt);
  CHECK(accounts.user("") == std::nullopt);
  CHECK(accounts.group("") == std::nullopt);
}

TEST_CASE("more numbers than are remembered are all answered") {
  HostAccounts accounts;
  for (uid_t uid = 3'000'000'000U; uid < 3'000'001'500U; ++uid) CHECK(accounts.user_name(uid).empty());
  CHECK(accounts.user_name(0) == "root");
}
