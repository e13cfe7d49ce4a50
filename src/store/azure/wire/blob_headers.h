// Metadata, tags and encryption of a blob, as headers.
#pragma once

#include <tapster/http_client.h>
#include <tapster/object_store.h>

#include <string>

namespace tapster {

// What is sent whenever a blob is made: encryption scope, tags, metadata. Metadata names are identifiers there, so '-'
// travels as '_'. Throws Error (general) for names that do not come back that way.
HttpHeaders blob_creation_headers(const std::string& encryption_scope, const PutOptions& options);

// Size, ETag, metadata and protection out of the headers of an answer that is a blob, or about one.
ObjectStat stat_from_blob_headers(const HttpHeaders& headers);

}  // namespace tapster
