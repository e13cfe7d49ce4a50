// The metadata server of Google's machines and of GKE ("About VM metadata", Compute Engine).
#pragma once

#include "store/cloud/credentials/access_token.h"
#include "store/gcs/credentials/token_endpoint.h"

#include <tapster/environment.h>

#include <memory>
#include <string>

namespace tapster {

// The tokens of the service account that the machine, or the pod's Kubernetes service account, runs as. nullptr where
// NO_GCE_CHECK is true. A machine outside Google learns within about three seconds that there is no such server; it
// then throws Error (general) with `not_found`, and names the address it looked at.
std::unique_ptr<TokenSource> metadata_source(const Environment& environment, const GoogleNetwork& network,
                                             std::string not_found);

// The project of the machine, for requests that need one and cannot find it elsewhere. Empty when there is no metadata
// server. Throws Error as the source does when there is one, but it refuses.
std::string metadata_project(const Environment& environment, HttpClient& http, Clock& clock);

}  // namespace tapster
