#include "support/catch.h"

#include <tapster/retention_policy.h>

using namespace tapster;

TEST_CASE("policies are read in any case and with any blanks") {
  const auto redundancy = RetentionPolicy::parse("  redundancy\t 3 ");
  REQUIRE(redundancy);
  CHECK(redundancy->kind == RetentionPolicy::Kind::redundancy);
  CHECK(redundancy->redundancy == 3);
  struct Row {
    const char* text;
    int days;
  };
  for (const Row row : {Row{"RECOVERY WINDOW OF 30 DAYS", 30}, Row{"recovery window of 1 day", 1},
                        Row{"Recovery\n Window  OF 2 weeks", 14}, Row{"RECOVERY WINDOW OF 1 WEEK", 7},
                        Row{"RECOVERY WINDOW OF 2 MONTHS", 62}, Row{"RECOVERY WINDOW OF 1 month", 31},
                        Row{"RECOVERY WINDOW OF 0 DAYS", 0}, Row{"RECOVERY WINDOW OF 007 DAYS", 7}}) {
    CAPTURE(row.text);
    const auto policy = RetentionPolicy::parse(row.text);
    REQUIRE(policy);
    CHECK(policy->kind == RetentionPolicy::Kind::recovery_window);
    CHECK(policy->window == std::chrono::days(row.days));
  }
  CHECK(RetentionPolicy::parse("REDUNDANCY 0")->redundancy == 0);
}

TEST_CASE("texts that are no policy are refused, and so are absurd numbers") {
  for (const char* text : {"",
                           " ",
                           "main",
                           "REDUNDANCY",
                           "REDUNDANCY -1",
                           "REDUNDANCY +1",
                           "REDUNDANCY 1.5",
                           "REDUNDANCY 1 2",
                           "REDUNDANCY1",
                           "REDUNDANCY 99999999999999999999",
                           "RECOVERY WINDOW OF 5",
                           "RECOVERY WINDOW OF 5 YEARS",
                           "RECOVERY WINDOW OF DAYS",
                           "RECOVERY WINDOW 5 DAYS",
                           "WINDOW OF 5 DAYS",
                           "RECOVERY WINDOW OF 5 DAYS x",
                           "RECOVERY WINDOW OF 5DAYS",
                           "RECOVERY WINDOW OF 730001 DAYS",
                           "RECOVERY WINDOW OF 99999999999999999999 DAYS",
                           "RECOVERY WINDOW OF 9223372036854775807 WEEKS",
                           "RECOVERY WINDOW OF 100000 MONTHS"}) {
    CAPTURE(text);
    CHECK_FALSE(RetentionPolicy::parse(text).has_value());
  }
}
