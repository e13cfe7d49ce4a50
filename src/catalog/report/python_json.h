// JSON as Python's json.dumps writes it: ", " and ": " between, non-ASCII as \uXXXX, floats in their shortest form.
#pragma once

#include <tapster/literal.h>

#include <string>

namespace tapster {

// Lists and tuples are arrays; keys that are no texts are spelled as their values are.
std::string json_text(const Literal& value);

}  // namespace tapster
