#include "postgres/session.h"
#include "support/catch.h"

using namespace tapster;

TEST_CASE("conninfo: every value is quoted, and what is empty is left out") {
  CHECK(make_conninfo("/tmp/a b", "5432", "it's", R"(back\slash)") ==
        R"(host='/tmp/a b' port='5432' user='it\'s' dbname='back\\slash')");
  CHECK(make_conninfo("", "", "", "postgres") == "dbname='postgres'");
  CHECK(make_conninfo("", "", "", "").empty());
}

TEST_CASE("conninfo: what was quoted is what libpq reads") {
  CHECK_FALSE(conninfo_fault(make_conninfo("a b", " ", "'", "\\ '=")));
}

TEST_CASE("conninfo: a database name is one part of it, anything else is all of it") {
  CHECK(choose_conninfo("h", "1", "u", "app") == "host='h' port='1' user='u' dbname='app'");
  CHECK(choose_conninfo("h", "1", "u", "").empty());
  CHECK(choose_conninfo("h", "1", "u", "host = /x  user='a b'") == "host = /x  user='a b'");
  CHECK(choose_conninfo("h", "1", "u", "postgresql://host/db") == "postgresql://host/db");
  CHECK(choose_conninfo("h", "1", "u", "postgres://host/db?a=b") == "postgres://host/db?a=b");
}

TEST_CASE("conninfo: libpq says what is wrong with it, never with a piece of a password") {
  CHECK_FALSE(conninfo_fault(""));
  CHECK_FALSE(conninfo_fault("postgresql://user@host:5432/db?application_name=x"));
  CHECK_THAT(conninfo_fault("hots=a").value_or(""), ContainsSubstring("\"hots\""));
  const std::string fault = conninfo_fault("password=open sesame").value_or("");
  CHECK_THAT(fault, ContainsSubstring("missing "));
  CHECK_THAT(fault, !ContainsSubstring("sesame"));
  CHECK_THAT(conninfo_fault("postgresql://u:secret@host:port/[x?sesame").value_or(""), !ContainsSubstring("sesame"));
}
