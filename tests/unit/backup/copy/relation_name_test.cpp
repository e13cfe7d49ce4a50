#include "backup/copy/relation_name.h"

#include "support/catch.h"

using namespace tapster;
using Fork = RelationName::Fork;

TEST_CASE("names of relation files are a number, a fork and a segment") {
  struct Row {
    const char* name;
    std::uint32_t number;
    Fork fork;
    std::uint32_t segment;
  };
  for (const Row& row : {Row{"1259", 1259, Fork::main, 0}, Row{"16384.12", 16384, Fork::main, 12},
                         Row{"16384_fsm", 16384, Fork::fsm, 0}, Row{"16384_vm.1", 16384, Fork::vm, 1},
                         Row{"16384_init", 16384, Fork::init, 0}, Row{"4294967295", 4294967295U, Fork::main, 0}}) {
    CAPTURE(row.name);
    const auto name = parse_relation_name(row.name);
    REQUIRE(name.has_value());
    CHECK(name->number == row.number);
    CHECK(name->fork == row.fork);
    CHECK(name->segment == row.segment);
  }
  for (const char* other : {"", "PG_VERSION", "pg_filenode.map", "16384_", "16384_xyz", "16384_fsmx", "16384.",
                            "16384.x", "16384.1.2", "4294967296", "-1", "t3_16384", "1259 ", "_fsm", ".1"}) {
    CAPTURE(other);
    CHECK_FALSE(parse_relation_name(other).has_value());
  }
}

TEST_CASE("temporary relations are known by their names") {
  for (const char* name : {"t3_16999", "t3_16999_fsm", "t3_16999_vm", "t12_1.3", "t3_16999_init"}) {
    CAPTURE(name);
    CHECK(is_temporary_relation(name));
  }
  for (const char* name : {"t3", "t_16999", "t3_", "t3_x", "tx_3", "3_16999", "t3_16999_foo", "table", ""}) {
    CAPTURE(name);
    CHECK_FALSE(is_temporary_relation(name));
  }
}
