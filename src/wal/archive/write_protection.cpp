#include "wal/archive/write_protection.h"

namespace tapster {

WriteProtection choose_write_protection(CreateOnly create_only, ConditionTest remembered, bool just_listed) noexcept {
  // The store's own word goes before what a test has shown: it may have refused the condition since.
  if (create_only == CreateOnly::honoured) return WriteProtection::atomic_create;
  const bool open_question = create_only == CreateOnly::unknown;
  if (open_question && remembered == ConditionTest::heeded) return WriteProtection::tested_condition;
  if (!just_listed) return WriteProtection::checked_by_store;
  if (open_question && remembered == ConditionTest::not_made) return WriteProtection::listed_then_conditional;
  return WriteProtection::listed_only;
}

}  // namespace tapster
