// Containers of the Azurite that $TAPSTER_SERVERS/azurite/env tells of.
#pragma once

#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <memory>
#include <string>

namespace tapster::conformance {

// `url` is the setting with the account's URL: over http requests are signed by the account's key, and a body is one
// request; over https they bear a token made here (Azurite looks at all of it but its signature), and a body beyond a
// megabyte goes in blocks, several at once. The clock is borrowed.
std::unique_ptr<ObjectStore> open_azure_server(const std::string& url, const std::string& container, Clock& clock);

}  // namespace tapster::conformance
