#include "grammar/dialect.h"

#include "grammar/values.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

struct Match {
  const OptionSpec* option = nullptr;  // null: looks like an option, but is unknown
  std::string_view name;               // the spelling that matched
  std::optional<std::string_view> value;
};

struct Word {
  enum class Kind { positional, option, end_of_options };
  std::string_view text;
  Kind kind = Kind::positional;
  Match match;
};

[[noreturn]] void reject(const OptionSpec& option, std::string_view why) {
  throw UsageError(fmt::format("argument {}: {}", option.joined_names(), why));
}

const OptionSpec* find_exact(const CommandLine& command, std::string_view name) {
  for (const OptionSpec& option : command.options) {
    if (std::find(option.names.begin(), option.names.end(), name) != option.names.end()) return &option;
  }
  return nullptr;
}

std::vector<Match> names_beginning_with(const CommandLine& command, std::string_view prefix, bool additions) {
  std::vector<Match> found;
  for (const OptionSpec& option : command.options) {
    if (option.addition != additions) continue;
    for (const std::string_view name : option.names) {
      if (name.starts_with(prefix)) found.push_back({&option, name, std::nullopt});
    }
  }
  return found;
}

// Our own options give way: a prefix that was good for the original stays good.
std::optional<Match> find_by_prefix(const CommandLine& command, std::string_view word) {
  const std::size_t equals = word.find('=');
  auto found = names_beginning_with(command, word.substr(0, equals), false);
  if (found.empty()) found = names_beginning_with(command, word.substr(0, equals), true);
  if (found.empty()) return std::nullopt;
  if (found.size() > 1) {
    std::string names;
    for (const Match& match : found) names.append(names.empty() ? "" : ", ").append(match.name);
    throw UsageError(fmt::format("ambiguous option: {} could match {}", word, names));
  }
  if (equals != std::string_view::npos) found.front().value = word.substr(equals + 1);
  return found.front();
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_negative_number(std::string_view word) {
  word.remove_prefix(1);
  const std::size_t point = word.find('.');
  if (point == std::string_view::npos) return is_digits(word);
  return (point == 0 || is_digits(word.substr(0, point))) && is_digits(word.substr(point + 1));
}

// nullopt: a positional.
std::optional<Match> match_option(const CommandLine& command, std::string_view word) {
  if (word.size() < 2 || word.front() != '-') return std::nullopt;
  if (const OptionSpec* option = find_exact(command, word)) return Match{option, word, std::nullopt};
  if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
    const std::string_view name = word.substr(0, equals);
    if (const OptionSpec* option = find_exact(command, name)) return Match{option, name, word.substr(equals + 1)};
  }
  if (word[1] == '-') {
    if (auto match = find_by_prefix(command, word)) return match;
  } else if (const OptionSpec* option = find_exact(command, word.substr(0, 2))) {
    return Match{option, word.substr(0, 2), word.substr(2)};
  }
  if (is_negative_number(word) || word.find(' ') != std::string_view::npos) return std::nullopt;
  return Match{nullptr, word, std::nullopt};
}

// All words are classified before the first is acted upon: an ambiguous prefix is an error even
// behind --help.
std::vector<Word> classify(const CommandLine& command, const std::vector<std::string_view>& arguments) {
  std::vector<Word> words;
  words.reserve(arguments.size());
  bool options_ended = false;
  for (const std::string_view argument : arguments) {
    Word word{argument, Word::Kind::positional, {}};
    if (!options_ended) {
      if (argument == "--") {
        word.kind = Word::Kind::end_of_options;
        options_ended = true;
      } else if (const auto match = match_option(command, argument)) {
        word.kind = Word::Kind::option;
        word.match = *match;
      }
    }
    words.push_back(word);
  }
  return words;
}

class Reader {
 public:
  Reader(const CommandLine& command, std::vector<Word> words)
      : command_(command), words_(std::move(words)), seen_(command.options.size(), false) {}

  Request read() {
    while (next_ < words_.size()) {
      const Word& word = words_[next_++];
      const bool follows_positional = std::exchange(follows_positional_, false);
      if (word.kind == Word::Kind::positional) {
        take_positional(word.text);
      } else if (word.kind == Word::Kind::end_of_options) {
        if (positionals_ == command_.positionals.size() && !follows_positional) unrecognized_.push_back(word.text);
      } else if (word.match.option == nullptr) {
        unrecognized_.push_back(word.text);
      } else if (const Request request = take_option(word.match); request != Request::run) {
        return request;
      }
    }
    check_complete();
    return Request::run;
  }

 private:
  void take_positional(std::string_view text) {
    if (positionals_ == command_.positionals.size()) {
      unrecognized_.push_back(text);
    } else {
      *command_.positionals[positionals_++].value = text;
      follows_positional_ = true;
    }
  }

  // A word may hold several flags; none takes effect before the whole word is understood.
  Request take_option(Match match) {
    std::vector<const OptionSpec*> flags;
    while (takes_no_value(*match.option) && match.value) {
      const std::string_view rest = *match.value;
      const bool in_cluster = match.name[1] != '-' && !rest.empty();
      const OptionSpec* next = in_cluster ? find_exact(command_, std::string{'-', rest.front()}) : nullptr;
      if (next == nullptr) reject(*match.option, "ignored explicit argument " + python_repr(rest));
      flags.push_back(match.option);
      match.option = next;
      match.value = rest.size() > 1 ? std::optional(rest.substr(1)) : std::nullopt;
    }
    const std::vector<std::string_view> values = take_values(match);
    for (const OptionSpec* flag : flags) {
      if (const Request request = act(*flag, {}); request != Request::run) return request;
    }
    return act(*match.option, values);
  }

  std::vector<std::string_view> take_values(const Match& match) {
    if (takes_no_value(*match.option)) return {};
    if (match.value) return {*match.value};
    std::vector<std::string_view> values;
    const bool many = match.option->arity == Arity::list;
    while (next_ < words_.size() && words_[next_].kind == Word::Kind::positional && (many || values.empty())) {
      values.push_back(words_[next_++].text);
    }
    if (values.empty() && !many) reject(*match.option, "expected one argument");
    return values;
  }

  Request act(const OptionSpec& option, Values values) {
    if (option.arity == Arity::help) return Request::help;
    if (option.arity == Arity::version) return Request::version;
    try {
      option.store(values);
    } catch (const BadValue& failure) {
      reject(option, failure.what());
    }
    check_group(option);
    return Request::run;
  }

  void check_group(const OptionSpec& option) {
    seen_[index_of(option)] = true;
    if (option.group < 0) return;
    for (const OptionSpec& other : command_.options) {
      if (&other != &option && other.group == option.group && seen_[index_of(other)]) {
        reject(option, "not allowed with argument " + other.joined_names());
      }
    }
  }

  void check_complete() const {
    std::string missing;
    for (std::size_t i = positionals_; i < command_.positionals.size(); ++i) {
      const PositionalSpec& positional = command_.positionals[i];
      if (positional.required) missing.append(missing.empty() ? "" : ", ").append(positional.name);
    }
    if (!missing.empty()) throw UsageError("the following arguments are required: " + missing);
    for (std::size_t group = 0; group < command_.group_required.size(); ++group) {
      if (command_.group_required[group]) check_required(static_cast<int>(group));
    }
    if (!unrecognized_.empty()) {
      throw UsageError(fmt::format("unrecognized arguments: {}", fmt::join(unrecognized_, " ")));
    }
  }

  void check_required(int group) const {
    std::string names;
    for (const OptionSpec& option : command_.options) {
      if (option.stands_for == group && seen_[index_of(option)]) return;
      if (option.group != group) continue;
      if (seen_[index_of(option)]) return;
      names.append(names.empty() ? "" : " ").append(option.joined_names());
    }
    throw UsageError(fmt::format("one of the arguments {} is required", names));
  }

  static bool takes_no_value(const OptionSpec& option) {
    return option.arity != Arity::one && option.arity != Arity::list;
  }
  std::size_t index_of(const OptionSpec& option) const {
    return static_cast<std::size_t>(&option - command_.options.data());
  }

  const CommandLine& command_;
  std::vector<Word> words_;
  std::vector<bool> seen_;  // by option
  std::size_t next_ = 0;
  std::size_t positionals_ = 0;
  bool follows_positional_ = false;  // the word before was stored as a positional
  std::vector<std::string_view> unrecognized_;
};

}  // namespace

Request apply_arguments(const CommandLine& command, const std::vector<std::string_view>& arguments) {
  return Reader(command, classify(command, arguments)).read();
}

}  // namespace tapster
