#include "grammar/command_line.h"

#include "grammar/dialect.h"
#include "grammar/help.h"
#include "grammar/values.h"

#include <tapster/error.h>

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>

namespace tapster {
namespace {

// False when not all of it could be written.
bool print(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

int print_result(std::string_view text) {
  return print(STDOUT_FILENO, text) ? 0 : static_cast<int>(ErrorKind::general);
}

int report(const CommandLine& command, const UsageError& failure) {
  if (failure.form() == UsageError::Form::bare) {
    print(STDERR_FILENO, fmt::format("{}\n", failure.what()));
  } else {
    print(STDERR_FILENO, fmt::format("{}{}: error: {}\n", usage_text(command), command.program, failure.what()));
  }
  return static_cast<int>(ErrorKind::usage);
}

}  // namespace

BadValue bad_choice(std::string_view value, std::span<const std::string_view> choices) {
  return BadValue(fmt::format("invalid choice: {} (choose from '{}')", python_repr(value), fmt::join(choices, "', '")));
}

std::string OptionSpec::joined_names() const { return fmt::format("{}", fmt::join(names, "/")); }

int CommandLine::exclusive_group(bool required) {
  group_required.push_back(required);
  return static_cast<int>(group_required.size()) - 1;
}

OptionSpec& CommandLine::add(Names names, Arity arity, std::string_view metavar, std::string_view help,
                             std::function<void(Values)> store) {
  return options.emplace_back(OptionSpec{.names = std::move(names),
                                         .arity = arity,
                                         .metavar = metavar,
                                         .help = help,
                                         .section = section_,
                                         .store = std::move(store)});
}

OptionSpec& CommandLine::flag(Names names, bool& value, std::string_view help) {
  return add(std::move(names), Arity::flag, {}, help, [&value](Values) { value = true; });
}

OptionSpec& CommandLine::counter(Names names, int& value, std::string_view help) {
  return add(std::move(names), Arity::flag, {}, help, [&value](Values) { ++value; });
}

OptionSpec& CommandLine::text(Names names, std::string_view metavar, std::string& value, std::string_view help) {
  return this->value(
      std::move(names), metavar, [&value](std::string_view text) { value = text; }, help);
}

OptionSpec& CommandLine::choice(Names names, std::string_view metavar, Values choices, std::string& value,
                                std::string_view help) {
  const auto store = [&value, choices](std::string_view text) {
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) throw bad_choice(text, choices);
    value = text;
  };
  return this->value(std::move(names), metavar, store, help);
}

OptionSpec& CommandLine::value(Names names, std::string_view metavar, std::function<void(std::string_view)> store,
                               std::string_view help) {
  return add(std::move(names), Arity::one, metavar, help,
             [store = std::move(store)](Values values) { store(values.front()); });
}

OptionSpec& CommandLine::list(Names names, std::string_view metavar, std::function<void(Values)> store,
                              std::string_view help) {
  return add(std::move(names), Arity::list, metavar, help, std::move(store));
}

OptionSpec& CommandLine::action(Names names, Arity arity, std::string_view help) {
  return add(std::move(names), arity, {}, help, {});
}

void CommandLine::positional(std::string_view name, std::string& value, std::string_view help, bool required) {
  positionals.push_back({name, help, &value, required});
}

std::optional<int> read_arguments(const CommandLine& command, int argc, const char* const* argv) {
  try {
    switch (apply_arguments(command, std::vector<std::string_view>(argv + std::min(argc, 1), argv + argc))) {
      case Request::help:
        return print_result(help_text(command));
      case Request::version:
        return print_result(fmt::format("{} {}\n", command.program, TAPSTER_VERSION));
      case Request::run:
        break;
    }
    return std::nullopt;
  } catch (const UsageError& failure) {
    return report(command, failure);
  }
}

}  // namespace tapster
