// What gcloud keeps for its user: the configuration folder and the project in it.
#pragma once

#include <tapster/environment.h>

#include <string>

namespace tapster {

// CLOUDSDK_CONFIG, else .config/gcloud in the user's home; empty when there is no home.
std::string gcloud_folder(const Environment& environment);

// CLOUDSDK_CORE_PROJECT, else "project" of the section [core] in the active configuration; empty when it is not set.
// Throws Error (general) when a file cannot be read.
std::string gcloud_project(const Environment& environment);

}  // namespace tapster
