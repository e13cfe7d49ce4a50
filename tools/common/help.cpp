// CLI11 prints the help. It does not read the command line: its grammar is another one, it would
// take a value like "[x]" for a list, and declaring our options to it costs more than all else
// that happens before the first request.
#include "common/help.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tapster {
namespace {

constexpr std::size_t kColumn = 24;  // where descriptions begin
constexpr std::size_t kWidth = 78;

// Breaks at blanks, so that no line is longer than `width`.
std::string wrap(std::string_view text, std::size_t width) {
  std::string wrapped;
  std::size_t length = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (length > 0 && length + 1 + end > width) {
      wrapped += '\n';
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
    column_width(kColumn);
    label("Positionals", "positional arguments");
    label("POSITIONALS", "positional arguments");  // the label's name in CLI11 2.5
  }
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override { return head_; }
  std::string make_description(const CLI::App* /*app*/) const override { return {}; }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string names;
    for (const char c : Formatter::make_option_name(option, is_positional))
      names.append(c == ',' ? ", " : std::string(1, c));
    return names;
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
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
  const std::size_t width = kWidth - kColumn;
  for (const PositionalSpec& positional : command.positionals) {
    app.add_option(std::string(positional.name), nothing, wrap(positional.help, width))->type_name("");
  }
  for (const OptionSpec& option : command.options) {
    app.add_option(fmt::format("{}", fmt::join(option.names, ",")), nothing, wrap(option.help, width))
        ->type_name(value_text(option))
        ->group(std::string(option.section));
  }
  app.formatter(
      std::make_shared<HelpFormatter>(fmt::format("{}\n{}\n", usage_text(command), wrap(command.description, kWidth))));
  return fmt::format("{}\nDescribed in {}(1) and tapster(7).\n", app.help(), command.program);
}

}  // namespace tapster
