#include "store/s3/credentials/aws_config_file.h"

#include "support/catch.h"

#include <string>

using namespace tapster;
using Kind = AwsConfigFile::Kind;

namespace {

AwsConfigFile config(const std::string& text) { return AwsConfigFile::parse(text, "/h/config", Kind::config); }

std::string value(const AwsSections& sections, const char* section, const char* key) {
  return sections.at(section).at(key).value;
}

}  // namespace

TEST_CASE("sections of the configuration file") {
  const AwsConfigFile file = config(
      "# a comment\n; another\n\n[default]\nregion = eu-west-3\n"
      "[profile two words]\nRegion=us-east-1\n"
      "[ profile \"quoted name\" ]  # and a comment\nregion : eu-north-1\n"
      "[sso-session corp]\nsso_region = eu-central-1\n"
      "[services here]\ns3 =\n  endpoint_url = http://127.0.0.1:1/\n"
      "[preview]\nanything = 1\n[plugins x]\ny = 2\n");
  CHECK(file.profiles.size() == 3);
  CHECK(value(file.profiles, "default", "region") == "eu-west-3");
  CHECK(value(file.profiles, "two words", "region") == "us-east-1");
  CHECK(value(file.profiles, "quoted name", "region") == "eu-north-1");
  CHECK(value(file.sso_sessions, "corp", "sso_region") == "eu-central-1");
  CHECK(file.services.at("here").at("s3").nested.at("endpoint_url") == "http://127.0.0.1:1/");
}

TEST_CASE("in the credentials file every section is a profile") {
  const AwsConfigFile file =
      AwsConfigFile::parse("[default]\na=1\n[profile x]\na=2\n[x]\na=3", "/h/credentials", Kind::credentials);
  CHECK(value(file.profiles, "default", "a") == "1");
  CHECK(value(file.profiles, "profile x", "a") == "2");
  CHECK(value(file.profiles, "x", "a") == "3");
}

TEST_CASE("nested settings, blanks, comments, CRLF, a byte order mark and equals signs") {
  const AwsConfigFile file = config(
      "\xEF\xBB\xBF[default]\r\n  region = eu-west-3\r\n  s3 =\r\n\r\n    # a comment\r\n    Addressing_Style = "
      "path\r\n"
      "    payload_signing_enabled=true\r\n  output = json\r\n  process = /bin/x --a=b\r\n");
  const AwsSettings& settings = file.profiles.at("default");
  CHECK(settings.at("region").value == "eu-west-3");
  CHECK(settings.at("s3").value.empty());
  CHECK(settings.at("s3").nested.at("addressing_style") == "path");
  CHECK(settings.at("s3").nested.at("payload_signing_enabled") == "true");
  CHECK(settings.at("output").value == "json");
  CHECK(settings.at("process").value == "/bin/x --a=b");
}

TEST_CASE("a value may go on in an indented line") {
  CHECK(value(config("[default]\na = 1\n  2\nb = 3").profiles, "default", "a") == "1\n2");
}

TEST_CASE("a section may appear twice; the last setting counts") {
  const AwsConfigFile file = config("[default]\na=1\nb=1\n[profile x]\nc=1\n[default]\nb=2\n");
  CHECK(value(file.profiles, "default", "a") == "1");
  CHECK(value(file.profiles, "default", "b") == "2");
}

TEST_CASE("an indented line under a section's header is a setting") {
  CHECK(value(config("[default]\n    a = 1\n    b = 2\n").profiles, "default", "b") == "2");
}

TEST_CASE("malformed lines are named by file and number, without their content") {
  const auto fails = [](const std::string& text, const std::string& message) {
    CHECK_THROWS_WITH(config(text), "/h/config, line " + message);
  };
  fails("\nregion = x\n", "2: a setting before the first section");
  fails("[default\n", "1: a section must be written [NAME]");
  fails("[default] x\n", "1: a section must be written [NAME]");
  fails("[ ]\n", "1: the section has no name");
  fails("[default]\n\nHUSH\n", "3: expected NAME = VALUE");
  fails("[default]\n= HUSH\n", "2: the setting has no name");
  fails("[default]\ns3 =\n  HUSH\n", "3: expected NAME = VALUE");
  fails("[preview]\nHUSH\n", "2: expected NAME = VALUE");
}
