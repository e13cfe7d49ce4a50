#include "options/shared_options.h"

#include "grammar/dialect.h"
#include "grammar/help.h"
#include "support/catch.h"

namespace tapster {
namespace {

struct Parsed : SharedArguments {
  explicit Parsed(std::vector<std::string_view> words) {
    CommandLine command("barman-cloud-sample", "");
    declare_shared_options(command, *this);
    declare_encryption_options(command, store);
    command.positional("source_url", url, "");
    command.positional("server_name", server_name, "");
    words.insert(words.begin(), {"url", "server"});
    apply_arguments(command, words);
  }
  Parsed(const Parsed&) = delete;
};

}  // namespace

TEST_CASE("the options about the store are kept for open_store") {
  const Parsed all({"--endpoint-url",
                    "http://e",
                    "-Pp",
                    "--read-timeout",
                    "60",
                    "--sse-customer-key=file:///k",
                    "--addressing-style",
                    "path",
                    "--region",
                    "eu-1",
                    "--checksum-policy",
                    "when_required",
                    "--checksum-algorithm",
                    "crc64nvme",
                    "--unsigned-payload",
                    "--connect-timeout",
                    "3",
                    "-e",
                    "aws:kms",
                    "--sse-kms-key-id",
                    "id",
                    "-t"});
  CHECK(all.url == "url");
  CHECK(all.server_name == "server");
  CHECK(all.store.endpoint_url == "http://e");
  CHECK(all.store.aws_profile == "p");
  CHECK(all.store.read_timeout == 60);
  CHECK(all.store.sse_customer_key == "file:///k");
  CHECK(all.store.addressing_style == "path");
  CHECK(all.store.region == "eu-1");
  CHECK(all.store.checksum_policy == "when_required");
  CHECK(all.store.checksum_algorithm == "crc64nvme");
  CHECK(all.store.unsigned_payload);
  CHECK(all.store.connect_timeout == 3);
  CHECK(all.store.encryption == "aws:kms");
  CHECK(all.store.sse_kms_key_id == "id");
  CHECK(all.test);
  const Parsed none({});
  CHECK(none.store.endpoint_url.empty());
  CHECK_FALSE(none.store.read_timeout);
  CHECK_FALSE(none.test);
}

TEST_CASE("the provider is left to the URL unless it is given") {
  CHECK_FALSE(Parsed({}).provider);
  CHECK(Parsed({"--cloud-provider", "aws-s3"}).provider == Provider::aws_s3);
  CHECK(Parsed({"--cloud-provider=azure-blob-storage"}).provider == Provider::azure_blob_storage);
  CHECK(Parsed({"--cloud", "google-cloud-storage"}).provider == Provider::google_cloud_storage);
  CHECK(Parsed({"--cloud-provider", "file"}).provider == Provider::file);
  CHECK_THROWS_WITH(Parsed({"--cloud-provider", "ftp"}),
                    "argument --cloud-provider: invalid choice: 'ftp' (choose from 'aws-s3', 'azure-blob-storage', "
                    "'google-cloud-storage', 'file')");
}

TEST_CASE("deprecated spellings set the same field") {
  CHECK(Parsed({"--profile", "p"}).store.aws_profile == "p");
  for (const std::string_view name : {"--azure-credential", "--credential", "--default"}) {
    CHECK(Parsed({name, "managed-identity"}).store.azure_credential == "managed-identity");
  }
  CHECK_THROWS_WITH(Parsed({"--default", "x"}),
                    "argument --azure-credential/--credential/--default: invalid choice: 'x' (choose from 'azure-cli', "
                    "'managed-identity', 'default')");
}

TEST_CASE("prefixes of the original's options stay good beside our additions") {
  CHECK(Parsed({"--re", "5"}).store.read_timeout == 5);
  CHECK(Parsed({"--cr", "default"}).store.azure_credential == "default");
  CHECK_THROWS_WITH(Parsed({"--c", "x"}), "ambiguous option: --c could match --cloud-provider, --credential");
  CHECK_THROWS_WITH(Parsed({"--check", "x"}),
                    "ambiguous option: --check could match --checksum-policy, --checksum-algorithm");
}

TEST_CASE("verbosity moves the threshold in steps, and stops at DEBUG and at silence") {
  CHECK(log_threshold(0, 0) == log::Level::warning);
  CHECK(log_threshold(1, 0) == log::Level::info);
  CHECK(log_threshold(2, 0) == log::Level::debug);
  CHECK(log_threshold(9, 0) == log::Level::debug);
  CHECK(log_threshold(0, 1) == log::Level::error);
  CHECK(log_threshold(0, 2) == log::Level::critical);
  CHECK(log_threshold(0, 3) == log::Level::none);
  CHECK(log_threshold(0, 50) == log::Level::none);
}

TEST_CASE("the usage is wrapped as argparse wraps it") {
  bool flag = false;
  std::string text;
  CommandLine command("program", "");
  command.action({"-V", "--version"}, Arity::version, "");
  const int either = command.exclusive_group();
  command.flag({"-a", "--all"}, flag, "").group = either;
  command.flag({"--none"}, flag, "").group = either;
  const int needed = command.exclusive_group(true);
  command.text({"-r", "--retention-policy"}, "POLICY", text, "").group = needed;
  command.text({"-b"}, "ID", text, "").group = needed;
  command.list(
      {"--words"}, "WORDS", [](Values) {}, "");
  command.positional("first", text, "");
  command.positional("second", text, "", false);
  CHECK(usage_text(command) ==
        "usage: program [-V] [-a | --none] (-r POLICY | -b ID) [--words [WORDS ...]]\n"
        "               first [second]\n");
}

}  // namespace tapster
