// JSON as Python's json.dumps writes it: ", " and ": " between, non-ASCII as \uXXXX, floats in their shortest form.
#pragma once

#include <tapster/literal.h>

#include <string>

namespace tapster {

// Lists and tuples become arrays. A key that is not a text becomes the text of its value: {1: 2} is {"1": 2}.
std::string json_text(const Literal& value);

}  // namespace tapster
