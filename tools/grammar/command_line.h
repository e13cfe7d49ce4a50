// What a command accepts, as one table: the dialect reads arguments by it, usage and help print
// it. Declaring is cheap (no parsing library is involved): wal-archive starts for every segment.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tapster {

// What is wrong with a value, to follow "argument OPT: ".
class BadValue : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

BadValue bad_choice(std::string_view value, std::span<const std::string_view> choices);

// A command line that cannot be understood. what() is the text after "PROGRAM: error: ".
class UsageError : public std::runtime_error {
 public:
  enum class Form {
    with_usage,  // the usage block, then "PROGRAM: error: TEXT"
    bare,        // TEXT alone, which is how bad --tags are reported
  };
  explicit UsageError(const std::string& text, Form form = Form::with_usage) : runtime_error(text), form_(form) {}
  Form form() const noexcept { return form_; }

 private:
  Form form_;
};

using Names = std::vector<std::string_view>;
using Values = std::span<const std::string_view>;

enum class Arity {
  flag,     // no value
  one,      // exactly one
  list,     // zero or more words, up to the next option
  help,     // ends the parsing at once
  version,  // ends the parsing at once
};

// Texts are borrowed: literals. `store` borrows what it stores into.
struct OptionSpec {
  Names names;  // every spelling, in the order of error texts
  Arity arity = Arity::flag;
  std::string_view metavar;
  std::string_view help;
  std::string_view section;
  // Called for every occurrence, in the order of the command line; throws BadValue or UsageError.
  std::function<void(Values)> store;
  int group = -1;         // options of one group exclude each other
  int stands_for = -1;    // a required group that need not be there when this option is
  bool addition = false;  // not the original's: never makes a prefix of one of its options ambiguous

  std::string joined_names() const;  // "-P/--aws-profile"
};

struct PositionalSpec {
  std::string_view name;
  std::string_view help;
  std::string* value = nullptr;
  bool required = true;
};

class CommandLine {
 public:
  CommandLine(std::string_view program_name, std::string_view what_it_does)
      : program(program_name), description(what_it_does) {}

  // Options declared from here on are listed under this title.
  void section(std::string_view title) { section_ = title; }
  int exclusive_group(bool required = false);

  // Each declares an option. The reference is good until the next declaration.
  OptionSpec& flag(Names names, bool& value, std::string_view help);
  OptionSpec& counter(Names names, int& value, std::string_view help);
  OptionSpec& text(Names names, std::string_view metavar, std::string& value, std::string_view help);
  // One of `choices` (borrowed: a literal array), else "invalid choice".
  OptionSpec& choice(Names names, std::string_view metavar, Values choices, std::string& value, std::string_view help);
  OptionSpec& value(Names names, std::string_view metavar, std::function<void(std::string_view)> store,
                    std::string_view help);
  OptionSpec& list(Names names, std::string_view metavar, std::function<void(Values)> store, std::string_view help);
  OptionSpec& action(Names names, Arity arity, std::string_view help);
  void positional(std::string_view name, std::string& value, std::string_view help, bool required = true);

  std::string_view program;
  std::string_view description;
  std::vector<OptionSpec> options;
  std::vector<PositionalSpec> positionals;
  std::vector<bool> group_required;  // by group

 private:
  OptionSpec& add(Names names, Arity arity, std::string_view metavar, std::string_view help,
                  std::function<void(Values)> store);
  std::string_view section_ = "options";
};

// Reads argv by the table, and does what ends a command early: --help and --version (standard
// output, 0) and usage errors (standard error, 3). Then the exit status is returned, else nullopt.
std::optional<int> read_arguments(const CommandLine& command, int argc, const char* const* argv);

}  // namespace tapster
