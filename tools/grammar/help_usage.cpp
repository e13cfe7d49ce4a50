#include "grammar/help.h"

#include <fmt/format.h>

namespace tapster {
namespace {

constexpr std::size_t kUsageWidth = 78;  // argparse's for 80 columns

std::string invocation(const OptionSpec& option) {
  std::string text(option.names.front());
  if (option.arity == Arity::one) return text.append(" ").append(option.metavar);
  if (option.arity == Arity::list) return text.append(" [").append(option.metavar).append(" ...]");
  return text;
}

// One part for each option; one for all the options of an exclusive group.
std::vector<std::string> option_parts(const CommandLine& command) {
  std::vector<std::string> parts;
  int open_group = -1;
  for (const OptionSpec& option : command.options) {
    if (option.group >= 0 && option.group == open_group) {
      std::string& part = parts.back();
      part.insert(part.size() - 1, " | " + invocation(option));
      continue;
    }
    open_group = option.group;
    const bool required = option.group >= 0 && command.group_required[static_cast<std::size_t>(option.group)];
    parts.push_back(fmt::format("{}{}{}", required ? "(" : "[", invocation(option), required ? ")" : "]"));
  }
  return parts;
}

std::string fill(std::string line, std::size_t indent, const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (line.size() > indent && line.size() + 1 + part.size() > kUsageWidth) {
      text.append(line).append("\n");
      line.assign(indent, ' ');
    }
    line.append(" ").append(part);
  }
  return text.append(line).append("\n");
}

}  // namespace

std::string usage_text(const CommandLine& command) {
  std::vector<std::string> positionals;
  for (const PositionalSpec& positional : command.positionals) {
    positionals.push_back(positional.required ? std::string(positional.name) : fmt::format("[{}]", positional.name));
  }
  const std::string start = fmt::format("usage: {}", command.program);
  return fill(start, start.size(), option_parts(command)) +
         fill(std::string(start.size(), ' '), start.size(), positionals);
}

}  // namespace tapster
