// What protects a write, for everything that the decision depends on.
#include "wal/archive/write_protection.h"

#include "support/catch.h"

#include <iterator>

using namespace tapster;

namespace {

struct Row {
  CreateOnly create_only;
  ConditionTest remembered;
  bool just_listed;
  WriteProtection expected;
};

constexpr bool kListed = true;
constexpr bool kNotListed = false;

using enum WriteProtection;

constexpr Row kRows[] = {
    {CreateOnly::honoured, ConditionTest::not_made, kNotListed, atomic_create},
    {CreateOnly::honoured, ConditionTest::not_made, kListed, atomic_create},
    {CreateOnly::honoured, ConditionTest::heeded, kNotListed, atomic_create},
    {CreateOnly::honoured, ConditionTest::heeded, kListed, atomic_create},
    {CreateOnly::honoured, ConditionTest::ignored, kNotListed, atomic_create},
    {CreateOnly::honoured, ConditionTest::ignored, kListed, atomic_create},
    {CreateOnly::unknown, ConditionTest::not_made, kNotListed, checked_by_store},
    {CreateOnly::unknown, ConditionTest::not_made, kListed, listed_then_conditional},
    {CreateOnly::unknown, ConditionTest::heeded, kNotListed, tested_condition},
    {CreateOnly::unknown, ConditionTest::heeded, kListed, tested_condition},
    {CreateOnly::unknown, ConditionTest::ignored, kNotListed, checked_by_store},
    {CreateOnly::unknown, ConditionTest::ignored, kListed, listed_only},
    {CreateOnly::refused, ConditionTest::not_made, kNotListed, checked_by_store},
    {CreateOnly::refused, ConditionTest::not_made, kListed, listed_only},
    {CreateOnly::refused, ConditionTest::heeded, kNotListed, checked_by_store},
    {CreateOnly::refused, ConditionTest::heeded, kListed, listed_only},
    {CreateOnly::refused, ConditionTest::ignored, kNotListed, checked_by_store},
    {CreateOnly::refused, ConditionTest::ignored, kListed, listed_only},
};

}  // namespace

TEST_CASE("what protects a write follows from the store, the remembered test and the listing", "[wal][protection]") {
  static_assert(std::size(kRows) == 3 * 3 * 2);
  for (const Row& row : kRows) {
    CAPTURE(static_cast<int>(row.create_only), static_cast<int>(row.remembered), row.just_listed);
    CHECK(choose_write_protection(row.create_only, row.remembered, row.just_listed) == row.expected);
  }
}

TEST_CASE("a listing protects only a write that follows at once", "[wal][protection]") {
  CHECK(without_listing(listed_then_conditional) == checked_by_store);
  CHECK(without_listing(listed_only) == checked_by_store);
  for (const WriteProtection other : {none, atomic_create, tested_condition, checked_by_store}) {
    CHECK(without_listing(other) == other);
  }
}

TEST_CASE("only a store that refuses to replace makes a listing needless", "[wal][protection]") {
  CHECK(is_kept_by_store(atomic_create));
  CHECK(is_kept_by_store(tested_condition));
  for (const WriteProtection other : {none, listed_then_conditional, listed_only, checked_by_store}) {
    CHECK_FALSE(is_kept_by_store(other));
  }
}
