// Arguments that all commands have: where the archive is and how to reach it.
#pragma once

#include "grammar/command_line.h"

#include <tapster/log.h>
#include <tapster/open_store.h>

#include <string>
#include <string_view>

namespace tapster {

// Of the first positional argument.
inline constexpr std::string_view kUrlHelp =
    "where the archive is: s3://BUCKET[/PATH], gs://BUCKET[/PATH], "
    "https://ACCOUNT.blob.core.windows.net/CONTAINER[/PATH] or file:///DIRECTORY";

struct SharedArguments {
  std::string url;
  std::string server_name;
  std::optional<Provider> provider;  // absent: the URL tells
  StoreOptions store;
  bool test = false;
  int verbose = 0;
  int quiet = 0;
};

// Declares -V, --help, -v, -q, -t, --cloud-provider, then the options of the S3 and Azure
// stores. `arguments` is borrowed by `command`.
void declare_shared_options(CommandLine& command, SharedArguments& arguments);

// -e and --sse-kms-key-id, for the commands that write.
void declare_encryption_options(CommandLine& command, StoreOptions& store);

// WARNING by default; every -v is a step down to DEBUG, every -q a step up to silence.
log::Level log_threshold(int verbose, int quiet) noexcept;

// read_arguments, and then the log threshold.
std::optional<int> finish_arguments(const CommandLine& command, const SharedArguments& arguments, int argc,
                                    const char* const* argv);

}  // namespace tapster
