// Tags on the command line, in the two forms that the original knows.
#pragma once

#include <tapster/object_store.h>

#include <string_view>

namespace tapster {

using Tag = Tags::value_type;

// --tag KEY,VALUE: split at the first comma, blanks trimmed; AWS's rules for keys and values are
// checked (1 to 128 and up to 256 of the characters that tags may have; no key in "aws:").
// Throws BadValue.
Tag parse_tag(std::string_view text);

// --tags KEY,VALUE: one CSV record of two fields, blanks kept, a comma allowed within double quotes;
// nothing else is checked. Throws UsageError (bare).
Tag parse_csv_tag(std::string_view text);

}  // namespace tapster
