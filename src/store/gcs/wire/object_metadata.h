// What an object is told to remember: our metadata, and the tags, which Google Cloud Storage has no other place for.
#pragma once

#include <tapster/object_store.h>

#include <string>
#include <string_view>

namespace tapster {

// Both together; ours win.
Metadata gcs_metadata(const PutOptions& options);

// Whether the XML API can carry it: there it is a header, whose name loses its case and whose value is plain ASCII
// without blanks at its ends.
bool fits_header(std::string_view name, std::string_view value);

// An Object resource for objects.insert, where the name is a parameter of the request: metadata and, when it is not
// empty, the CRC-32C in the service's form.
std::string insert_document(const Metadata& metadata, const std::string& crc32c = {});

}  // namespace tapster
