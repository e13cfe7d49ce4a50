// Everything that S3 settings are gathered from.
#pragma once

#include "store/s3/credentials/aws_profile.h"
#include "store/s3/s3_settings.h"
#include "support/scratch.h"
#include "unit/store/s3/s3_world.h"

#include <map>
#include <string>

namespace tapster::test {

class SettingsWorld {
 public:
  SettingsWorld() { variables["AWS_CONFIG_FILE"] = home_ / "config"; }

  std::string write(const std::string& name, const std::string& text) const {
    write_file(home_ / name, text);
    return home_ / name;
  }
  void config(const std::string& text) const { write("config", text); }
  std::string directory() const { return home_.path().string(); }

  S3Settings settings() const {
    const MapEnvironment environment(variables);
    const AwsProfile profile("", environment);
    return resolve_s3_settings({Provider::aws_s3, bucket, ""}, options, environment, profile);
  }
  std::string failure() const {
    return failure_of([this] { settings(); });
  }

  std::string bucket = "my-bucket";
  StoreOptions options;
  std::map<std::string, std::string, std::less<>> variables;

 private:
  ScratchDirectory home_;
};

}  // namespace tapster::test
