#include "grammar/dialect.h"

#include "grammar/values.h"
#include "support/catch.h"

namespace tapster {
namespace {

constexpr std::string_view kColours[] = {"red", "dark green"};

// The original's option names in a command of our own, so that the grammar is tested and not a table.
struct Sample {
  bool gzip = false;
  bool bzip2 = false;
  bool test = false;
  bool keep = false;
  bool drop = false;
  int verbose = 0;
  int quiet = 0;
  std::string profile;
  std::string endpoint;
  std::string encryption;
  std::string scope;
  std::string credential;
  std::string colour;
  std::string connect;
  std::string region;
  std::string colophon;
  std::optional<int> timeout;
  std::vector<std::string> tags;
  std::vector<std::string> tag;
  std::string url;
  std::string server;
  std::string path;

  explicit Sample(bool with_required_group = false) {
    command.action({"-V", "--version"}, Arity::version, "");
    command.action({"--help"}, Arity::help, "");
    const int verbosity = command.exclusive_group();
    command.counter({"-v", "--verbose"}, verbose, "").group = verbosity;
    command.counter({"-q", "--quiet"}, quiet, "").group = verbosity;
    command.flag({"-t", "--test"}, test, "");
    command.text({"--endpoint-url"}, "URL", endpoint, "");
    command.text({"-P", "--aws-profile"}, "PROFILE", profile, "");
    command.text({"--profile"}, "PROFILE", profile, "");
    command.text({"--azure-credential", "--credential", "--default"}, "KIND", credential, "");
    command.choice({"--colour"}, "COLOUR", kColours, colour, "");
    command.value({"--read-timeout"}, "SECONDS", integer_setter(timeout), "");
    const int compression = command.exclusive_group();
    command.flag({"-z", "--gzip"}, gzip, "").group = compression;
    command.flag({"-j", "--bzip2"}, bzip2, "").group = compression;
    command.list(
        {"--tags"}, "TAGS", [this](Values values) { tags.assign(values.begin(), values.end()); }, "");
    command.value(
        {"--tag"}, "TAG", [this](std::string_view value) { tag.emplace_back(value); }, "");
    command.text({"-e", "--encryption"}, "ENCRYPTION", encryption, "");
    command.text({"--encryption-scope"}, "SCOPE", scope, "");
    command.text({"--connect-timeout"}, "SECONDS", connect, "").addition = true;
    command.text({"--region"}, "REGION", region, "").addition = true;
    command.text({"--colophon"}, "TEXT", colophon, "").addition = true;
    if (with_required_group) {
      const int choice = command.exclusive_group(true);
      command.flag({"-k", "--keep"}, keep, "").group = choice;
      command.flag({"--drop"}, drop, "").group = choice;
    }
    command.positional("destination_url", url, "");
    command.positional("server_name", server, "");
    command.positional("wal_path", path, "", false);
  }
  Sample(const Sample&) = delete;

  Request read(const std::vector<std::string_view>& arguments) { return apply_arguments(command, arguments); }

  CommandLine command{"program", ""};
};

std::string error_of(const std::vector<std::string_view>& arguments) {
  Sample sample;
  try {
    sample.read(arguments);
  } catch (const UsageError& failure) {
    return failure.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("values follow as the next word, after an equals sign, or after a short option's letter") {
  for (const std::vector<std::string_view>& words : {std::vector<std::string_view>{"--aws-profile", "prof"},
                                                     {"--aws-profile=prof"},
                                                     {"-P", "prof"},
                                                     {"-Pprof"},
                                                     {"-P=prof"},
                                                     {"--profile", "prof"}}) {
    Sample sample;
    std::vector<std::string_view> arguments = words;
    arguments.insert(arguments.end(), {"u", "s"});
    CHECK(sample.read(arguments) == Request::run);
    CHECK(sample.profile == "prof");
  }
  Sample sample;
  sample.read({"--endpoint-url=http://h/?a=b", "--region=", "-P=", "u", "s"});
  CHECK(sample.endpoint == "http://h/?a=b");
  CHECK(sample.region.empty());
  CHECK(sample.profile.empty());
}

TEST_CASE("short options cluster, and the last may take a value") {
  Sample sample;
  sample.read({"-zvvt", "u", "s"});
  CHECK((sample.gzip && sample.test && sample.verbose == 2));
  Sample with_value;
  with_value.read({"-vvPprof", "u", "s"});
  CHECK((with_value.verbose == 2 && with_value.profile == "prof"));
  Sample next_word;
  next_word.read({"-vP", "prof", "u", "s"});
  CHECK((next_word.verbose == 1 && next_word.profile == "prof"));
  CHECK(error_of({"-zh", "u", "s"}) == "argument -z/--gzip: ignored explicit argument 'h'");
  CHECK(error_of({"-qz=1", "u", "s"}) == "argument -z/--gzip: ignored explicit argument '=1'");
}

TEST_CASE("an unambiguous prefix stands for a long option, whichever spelling it is of") {
  Sample sample;
  sample.read({"--gz", "--end", "e", "--cred", "c", "u", "s"});
  CHECK((sample.gzip && sample.endpoint == "e" && sample.credential == "c"));
  sample.read({"--def=d", "--pro", "p", "--verb", "u", "s"});
  CHECK((sample.credential == "d" && sample.profile == "p" && sample.verbose == 1));
  CHECK(error_of({"--ver"}) == "ambiguous option: --ver could match --version, --verbose");
  CHECK(error_of({"--enc"}) == "ambiguous option: --enc could match --encryption, --encryption-scope");
  CHECK(error_of({"--c=x"}) == "ambiguous option: --c=x could match --credential, --colour");
}

TEST_CASE("an exact spelling wins over longer ones") {
  Sample sample;
  sample.read({"--tag", "a,b", "--encryption", "AES256", "u", "s"});
  CHECK(sample.tag == std::vector<std::string>{"a,b"});
  CHECK(sample.encryption == "AES256");
}

TEST_CASE("our additions give way to the original's options") {
  Sample sample;
  sample.read({"--co", "red", "--col=dark green", "--r", "5", "--con", "7", "--reg", "r", "u", "s"});
  CHECK(sample.colour == "dark green");
  CHECK(sample.timeout == 5);
  CHECK(sample.connect == "7");
  CHECK(sample.region == "r");
}

TEST_CASE("an ambiguous prefix is an error even behind --help") {
  CHECK(error_of({"--help", "--enc"}) == "ambiguous option: --enc could match --encryption, --encryption-scope");
}

TEST_CASE("options --help and --version act before anything is found missing, but after earlier errors") {
  Sample sample;
  CHECK(sample.read({"--help"}) == Request::help);
  CHECK(sample.read({"-V"}) == Request::version);
  CHECK(sample.read({"-vV", "--unknown"}) == Request::version);
  CHECK(sample.read({"--version", "--colour", "blue"}) == Request::version);
  CHECK(error_of({"--colour", "blue", "--version"}) ==
        "argument --colour: invalid choice: 'blue' (choose from 'red', 'dark green')");
  CHECK(error_of({"-h"}) == "the following arguments are required: destination_url, server_name");
  CHECK(error_of({"-h", "u", "s"}) == "unrecognized arguments: -h");
}

TEST_CASE("options may stand between positionals, also before the optional one") {
  Sample sample;
  sample.read({"u", "--endpoint-url", "x", "s", "-q", "w", "-z"});
  CHECK((sample.url == "u" && sample.server == "s" && sample.path == "w" && sample.gzip));
}

TEST_CASE("two dashes, --, end the options") {
  Sample sample;
  sample.read({"u", "--", "-z", "--"});
  CHECK((sample.url == "u" && sample.server == "-z" && sample.path == "--" && !sample.gzip));
  CHECK(error_of({"-e", "--", "x"}) == "argument -e/--encryption: expected one argument");
  CHECK(error_of({"a", "b", "c", "d", "--", "e"}) == "unrecognized arguments: d -- e");
  CHECK(error_of({"a", "b", "c", "-z", "--", "e"}) == "unrecognized arguments: -- e");
  CHECK(error_of({"a", "b", "c", "--", "e"}) == "unrecognized arguments: e");
}

TEST_CASE("a word with a dash is a value only when it is a negative number or contains a blank") {
  Sample sample;
  sample.read({"--read-timeout", "-5", "-e", "-1.5", "-x y", "-.5"});
  CHECK((sample.timeout == -5 && sample.encryption == "-1.5" && sample.url == "-x y" && sample.server == "-.5"));
  CHECK(error_of({"-e", "-x", "u", "s"}) == "argument -e/--encryption: expected one argument");
  CHECK(error_of({"-e", "-z", "u", "s"}) == "argument -e/--encryption: expected one argument");
  CHECK(error_of({"-e"}) == "argument -e/--encryption: expected one argument");
  sample.read({"-e", "-", "-", ""});
  CHECK((sample.encryption == "-" && sample.url == "-" && sample.server.empty()));
}

TEST_CASE("a list takes words up to the next option") {
  Sample sample;
  sample.read({"--tags", "a,b", "c,d", "-z", "u", "s"});
  CHECK(sample.tags == std::vector<std::string>{"a,b", "c,d"});
  sample.read({"--tags", "-5", "--", "u", "s"});
  CHECK(sample.tags == std::vector<std::string>{"-5"});
  sample.read({"--tags=a,b", "u", "s"});
  CHECK(sample.tags == std::vector<std::string>{"a,b"});
  sample.read({"u", "s", "--tags"});
  CHECK(sample.tags.empty());
  CHECK(error_of({"--tags", "a,b", "u", "s", "w"}) ==
        "the following arguments are required: destination_url, server_name");
}

TEST_CASE("of repeated values the last counts, and each must be good") {
  Sample sample;
  sample.read({"-e", "a", "-e", "b", "--tag", "1", "--tag", "2", "-z", "-z", "u", "s"});
  CHECK((sample.encryption == "b" && sample.tag == std::vector<std::string>{"1", "2"} && sample.gzip));
  CHECK(error_of({"--read-timeout", "x", "--read-timeout", "1"}) == "argument --read-timeout: invalid int value: 'x'");
}

TEST_CASE("options of one group exclude each other") {
  CHECK(error_of({"-z", "--bz", "u", "s"}) == "argument -j/--bzip2: not allowed with argument -z/--gzip");
  CHECK(error_of({"-zj"}) == "argument -j/--bzip2: not allowed with argument -z/--gzip");
  CHECK(error_of({"-qv"}) == "argument -v/--verbose: not allowed with argument -q/--quiet");
}

TEST_CASE("one option of a required group must be there") {
  Sample sample(true);
  CHECK_THROWS_WITH(sample.read({"u", "s", "--foo"}), "one of the arguments -k/--keep --drop is required");
  CHECK_THROWS_WITH(sample.read({"u"}), "the following arguments are required: server_name");
  CHECK(sample.read({"u", "s", "--drop"}) == Request::run);
}

TEST_CASE("a flag takes no value") {
  CHECK(error_of({"-q=1", "u", "s"}) == "argument -q/--quiet: ignored explicit argument '1'");
  CHECK(error_of({"--gzip=", "u", "s"}) == "argument -z/--gzip: ignored explicit argument ''");
  CHECK(error_of({"--gz=it's", "u", "s"}) == "argument -z/--gzip: ignored explicit argument \"it's\"");
}

TEST_CASE("what is missing is reported before what is unknown, and all that is unknown at once") {
  CHECK(error_of({"u", "--foo"}) == "the following arguments are required: server_name");
  CHECK(error_of({"--foo", "--bar=1", "a", "b", "c", "d", "e"}) == "unrecognized arguments: --foo --bar=1 d e");
}

}  // namespace tapster
