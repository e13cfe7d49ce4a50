// Names of relation files: NUMBER[_FORK][.SEGMENT], and those of temporary relations.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tapster {

struct RelationName {
  enum class Fork { main, fsm, vm, init };
  std::uint32_t number = 0;  // the relfilenode
  Fork fork = Fork::main;
  std::uint32_t segment = 0;
};

std::optional<RelationName> parse_relation_name(std::string_view name) noexcept;

// tBACKEND_NUMBER[_FORK][.SEGMENT]
bool is_temporary_relation(std::string_view name) noexcept;

bool all_digits(std::string_view text) noexcept;  // and not empty

}  // namespace tapster
