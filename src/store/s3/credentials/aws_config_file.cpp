#include "store/s3/credentials/aws_config_file.h"

#include "file/text_file.h"
#include "text/encoding.h"

#include <tapster/error.h>

#include <algorithm>
#include <utility>

namespace tapster {
namespace {

class Parser {
 public:
  Parser(const std::string& path, AwsConfigFile::Kind kind) : path_(path), kind_(kind) {}

  AwsConfigFile run(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ++line_number_;
      line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(file_);
  }

 private:
  void line(std::string_view raw) {
    const std::string_view content = trim(raw);
    if (content.empty() || content.front() == '#' || content.front() == ';') return;
    const std::size_t indent = raw.find(content.front());
    if (setting_ != nullptr && indent > setting_indent_) {
      nested_line(content);
    } else if (content.front() == '[') {
      header(content);
    } else {
      setting_line(content);
      setting_indent_ = indent;
    }
  }

  void header(std::string_view content) {
    const std::size_t close = content.rfind(']');
    const std::string_view rest = close == std::string_view::npos ? "" : trim(content.substr(close + 1));
    if (close == std::string_view::npos || (!rest.empty() && rest.front() != '#' && rest.front() != ';')) {
      fail("a section must be written [NAME]");
    }
    const std::string_view name = trim(content.substr(1, close - 1));
    if (name.empty()) fail("the section has no name");
    in_section_ = true;
    setting_ = nullptr;
    section_ = find_section(name);
  }

  // nullptr: a section that means nothing here, to be skipped.
  AwsSettings* find_section(std::string_view name) {
    if (kind_ == AwsConfigFile::Kind::credentials) return &file_.profiles[std::string(name)];
    if (name == "default") return &file_.profiles["default"];
    const std::size_t blank = name.find_first_of(" \t");
    if (blank == std::string_view::npos) return nullptr;
    const std::string_view type = name.substr(0, blank);
    const std::string label = unquoted(trim(name.substr(blank)));
    if (type == "profile") return &file_.profiles[label];
    if (type == "sso-session") return &file_.sso_sessions[label];
    if (type == "services") return &file_.services[label];
    return nullptr;
  }

  static std::string unquoted(std::string_view text) {
    if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
      text = text.substr(1, text.size() - 2);
    }
    return std::string(text);
  }

  std::pair<std::string, std::string> split(std::string_view content) const {
    const std::size_t separator = content.find_first_of("=:");
    if (separator == std::string_view::npos) fail("expected NAME = VALUE");
    const std::string_view name = trim(content.substr(0, separator));
    if (name.empty()) fail("the setting has no name");
    return {to_lower(name), std::string(trim(content.substr(separator + 1)))};
  }

  void setting_line(std::string_view content) {
    if (!in_section_) fail("a setting before the first section");
    auto [name, value] = split(content);
    setting_ = section_ == nullptr ? &skipped_ : &(*section_)[name];
    *setting_ = {std::move(value), {}};
  }

  void nested_line(std::string_view content) {
    if (setting_->value.empty()) {
      auto [name, value] = split(content);
      setting_->nested[name] = std::move(value);
    } else {  // a value that goes on
      setting_->value.append("\n").append(content);
    }
  }

  // Says nothing of the line's content: it may hold a secret.
  [[noreturn]] void fail(std::string_view problem) const {
    throw error(ErrorKind::general, "{}, line {}: {}", path_, line_number_, problem);
  }

  const std::string& path_;
  AwsConfigFile::Kind kind_;
  AwsConfigFile file_;
  int line_number_ = 0;
  bool in_section_ = false;
  AwsSettings* section_ = nullptr;
  AwsSetting* setting_ = nullptr;
  std::size_t setting_indent_ = 0;
  AwsSetting skipped_;
};

}  // namespace

AwsConfigFile AwsConfigFile::parse(std::string_view text, const std::string& path, Kind kind) {
  return Parser(path, kind).run(text);
}

AwsConfigFile AwsConfigFile::read(const std::string& path, Kind kind) {
  const auto text = read_text_file(path);
  return text ? parse(*text, path, kind) : AwsConfigFile();
}

}  // namespace tapster
