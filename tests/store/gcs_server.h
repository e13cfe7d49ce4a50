// Buckets of the service that $TAPSTER_SERVERS/gcs/env tells of.
#pragma once

#include <tapster/clock.h>
#include <tapster/object_store.h>

#include <memory>
#include <string>

namespace tapster::conformance {

// `endpoint` is the setting with the URL: over https requests bear a token, elsewhere they are anonymous, as at an
// emulator. The clock is borrowed.
std::unique_ptr<ObjectStore> open_gcs_server(const std::string& endpoint, const std::string& bucket, Clock& clock);

}  // namespace tapster::conformance
