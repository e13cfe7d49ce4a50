#include "support/catch.h"

#include <tapster/zoned_time.h>

#include <cstdlib>
#include <ctime>
#include <string>

using namespace tapster;

namespace {

// Sets the process's time zone for one test.
class TimeZone {
 public:
  explicit TimeZone(const char* name) { set(name); }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
  ~TimeZone() { set("UTC"); }

 private:
  static void set(const char* name) {
    ::setenv("TZ", name, 1);  // NOLINT(concurrency-mt-unsafe): tests run one by one
    ::tzset();
  }
};

std::string reread(const std::string& text) {
  const auto time = parse_zoned_time(text);
  return time ? to_text(*time) : "refused";
}

}  // namespace

TEST_CASE("times are written as backup.info and the reports have them", "[base][time]") {
  const auto time = parse_zoned_time("2026-11-02 09:33:16.582796+05:30");
  REQUIRE(time);
  CHECK(time->offset == std::chrono::minutes(330));
  CHECK(to_text(*time) == "2026-11-02 09:33:16.582796+05:30");
  CHECK(to_iso(*time) == "2026-11-02T09:33:16.582796+05:30");
  CHECK(to_ctime(*time) == "Mon Nov  2 09:33:16 2026");
  CHECK(to_seconds_text(*time) == "2026-11-02 09:33:16");
}

TEST_CASE("times are read in the forms of ISO 8601 and PostgreSQL", "[base][time]") {
  const struct {
    const char* given;
    const char* read;
  } cases[] = {
      {"2026-11-20 09:33:16.582796+00:00", "2026-11-20 09:33:16.582796+00:00"},
      {"2026-11-20T09:33:16Z", "2026-11-20 09:33:16+00:00"},
      {"2026-11-20t09:33z", "2026-11-20 09:33:00+00:00"},
      {"2026-11-20  09:33:16 UTC", "2026-11-20 09:33:16+00:00"},
      {"2026-11-20 09:33:16.5 GMT", "2026-11-20 09:33:16.500000+00:00"},
      {"2026-11-20 09:33:16.1234567+02", "2026-11-20 09:33:16.123456+02:00"},
      {"2026-11-20 09:33:16 -0330", "2026-11-20 09:33:16-03:30"},
      {"1883-11-18 12:03:58-04:56:02", "1883-11-18 12:03:58-04:56:02"},
      {"2024-02-29 00:00:00.000001+00:00", "2024-02-29 00:00:00.000001+00:00"},
      {"0001-01-01 00:00:00+00:00", "0001-01-01 00:00:00+00:00"},
      {"9999-12-31 23:59:59.999999+00:00", "9999-12-31 23:59:59.999999+00:00"},
  };
  for (const auto& item : cases) {
    INFO(item.given);
    CHECK(reread(item.given) == item.read);
  }
}

TEST_CASE("ambiguous and impossible times are refused", "[base][time]") {
  for (const char* text : {"",
                           "yesterday",
                           "10:00",
                           "Jan 3 2024",
                           "2024-1-3",
                           "2024-13-01",
                           "2023-02-29",
                           "0000-01-01",
                           "24-01-01",
                           "2024-01-01 ",
                           "2024-01-01 24:00",
                           "2024-01-01 10",
                           "2024-01-01 10:60",
                           "2024-01-01 10:00:60",
                           "2024-01-01 10:00:00.",
                           "2024-01-01 10:00 CET",
                           "2024-01-01 10:00+",
                           "2024-01-01 10:00+1",
                           "2024-01-01 10:00+24:00",
                           "2024-01-01 10:00+01:60",
                           "2024-01-01 10:00+01:00:",
                           "2024-01-01 10:00Zulu",
                           "2024-01-01Z",
                           "2024-01-01 +01",
                           "20240101",
                           "2024/01/01",
                           "01/02/2024",
                           " 2024-01-01"}) {
    INFO(text);
    CHECK(reread(text) == "refused");
  }
}

TEST_CASE("a time without a zone is local", "[base][time]") {
  const TimeZone zone("Europe/Berlin");
  CHECK(reread("2024-01-05 10:00") == "2024-01-05 10:00:00+01:00");
  CHECK(reread("2024-07-05 10:00") == "2024-07-05 10:00:00+02:00");
  CHECK(reread("2024-07-05") == "2024-07-05 00:00:00+02:00");
  CHECK(reread("2024-10-27 02:30") == "2024-10-27 02:30:00+02:00");  // the clock shows it twice: the first
  const auto skipped = parse_zoned_time("2024-03-31 02:30");
  REQUIRE(skipped);
  CHECK(skipped->instant == parse_zoned_time("2024-03-31 03:30")->instant);
  CHECK(local_offset(std::chrono::sys_days(std::chrono::year(2024) / 7 / 1)) == std::chrono::hours(2));
}

TEST_CASE("the C library's form is read as local time", "[base][time]") {
  const TimeZone zone("Asia/Kolkata");
  const auto time = parse_ctime("Mon Nov  2 09:33:16 2026");
  REQUIRE(time);
  CHECK(to_text(*time) == "2026-11-02 09:33:16+05:30");
  CHECK(to_ctime(*time) == "Mon Nov  2 09:33:16 2026");
  CHECK(parse_ctime("Tue Nov 10 09:33:16 2026"));
  for (const char* text : {"", "Mon", "Mon Foo  2 09:33:16 2026", "Mon Nov 99 09:33:16 2026", "Mon Nov 2 09 2026",
                           "Mon Nov  2 09:33:16", "Mon Nov  2 09:33:16 26", "Mon Nov  2 09:33:16 2026 UTC"}) {
    INFO(text);
    CHECK_FALSE(parse_ctime(text));
  }
}
