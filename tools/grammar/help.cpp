// CLI11 prints the help. It does not read the command line: its grammar is another one, it would
// take a value like "[x]" for a list, and declaring our options to it costs more than all else
// that happens before the first request.
#include "grammar/help.h"

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

namespace tapster {
namespace {

constexpr std::size_t kColumn = 24;  // where meanings begin
constexpr std::size_t kWidth = 78;

// Breaks at blanks, so that no line ends beyond kWidth when all begin behind `margin`.
std::string wrap(std::string_view text, std::size_t margin) {
  std::string wrapped;
  std::size_t length = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (length > 0 && margin + length + 1 + end > kWidth) {
      wrapped.append("\n").append(margin, ' ');
      length = 0;
    } else if (length > 0) {
      wrapped += ' ';
      ++length;
    }
    wrapped += text.substr(0, end);
    length += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return wrapped;
}

class HelpFormatter final : public CLI::Formatter {
 public:
  explicit HelpFormatter(std::string head) : head_(std::move(head)) {
    label("Positionals", "positional arguments");
    label("POSITIONALS", "positional arguments");  // the label's name in CLI11 2.5
  }
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override { return head_; }
  std::string make_description(const CLI::App* /*app*/) const override { return {}; }
  // Laid out here: CLI11 2.5 splits names into columns, 2.1 does not.
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    std::string left = "  ";
    for (const char c : option->get_name(is_positional, !is_positional)) {
      left += c;
      if (c == ',') left += ' ';
    }
    if (!option->get_type_name().empty()) left.append(" ").append(option->get_type_name());
    if (left.size() + 2 > kColumn) left.append("\n").append(kColumn, ' ');
    left.resize(std::max(left.size(), kColumn), ' ');
    return left + wrap(option->get_description(), kColumn) + "\n";
  }

 private:
  std::string head_;
};

std::string value_text(const OptionSpec& option) {
  if (option.arity == Arity::one) return std::string(option.metavar);
  if (option.arity == Arity::list) return fmt::format("[{} ...]", option.metavar);
  return {};
}

}  // namespace

std::string help_text(const CommandLine& command) {
  CLI::App app;
  app.set_help_flag();  // ours is among the options
  const CLI::callback_t nothing = [](const CLI::results_t&) { return true; };
  for (const PositionalSpec& positional : command.positionals) {
    app.add_option(std::string(positional.name), nothing, std::string(positional.help))->type_name("");
  }
  for (const OptionSpec& option : command.options) {
    app.add_option(fmt::format("{}", fmt::join(option.names, ",")), nothing, std::string(option.help))
        ->type_name(value_text(option))
        ->group(std::string(option.section));
  }
  app.formatter(
      std::make_shared<HelpFormatter>(fmt::format("{}\n{}\n", usage_text(command), wrap(command.description, 0))));
  return fmt::format("{}\nDescribed in {}(1) and tapster(7).\n", app.help(), command.program);
}

}  // namespace tapster
