// Subject tokens that lie in a file or behind a URL, as they are or in a member of a JSON object.
#include "file/text_file.h"
#include "store/cloud/credentials/service_call.h"
#include "store/gcs/credentials/subject_token.h"
#include "text/encoding.h"
#include "text/one_line.h"

#include <tapster/error.h>

#include <nlohmann/json.hpp>

#include <utility>

namespace tapster {
namespace {

class TokenFormat {
 public:
  explicit TokenFormat(const CredentialFile& source) {
    const auto format = source.object("format");
    const std::string type = format ? format->text("type") : "";
    if (type.empty() || type == "text") return;
    if (type != "json")
      format->refuse(fmt::format("\"type\" is \"{}\", and known are text and json,", short_line(type)));
    member_ = format->required("subject_token_field_name");
  }

  Secret read(const std::string& text, const std::string& place) const {
    Secret token(std::string(trim(text)));
    if (!member_.empty()) {
      const auto document = nlohmann::json::parse(text, nullptr, false);
      const auto found = document.is_object() ? document.find(member_) : document.end();
      if (!document.is_object() || found == document.end() || !found->is_string()) {
        throw error(ErrorKind::general, "There is no subject token in {}: a JSON object with a text \"{}\" is expected",
                    place, member_);
      }
      token = Secret(found->get<std::string>());
    }
    if (token.empty()) throw error(ErrorKind::general, "The subject token in {} is empty", place);
    return token;
  }

 private:
  std::string member_;  // empty: the text is the token
};

class FileToken final : public SubjectToken {
 public:
  explicit FileToken(const CredentialFile& source) : path_(source.required("file")), format_(source) {}

  // Read each time: whoever mounts it replaces it before it expires.
  Secret fetch() override {
    const auto text = read_text_file(path_);
    if (!text) throw error(ErrorKind::general, "There is no subject token file {}", path_);
    return format_.read(*text, name());
  }

  std::string name() const override { return fmt::format("the token file {}", path_); }

 private:
  std::string path_;
  TokenFormat format_;
};

class UrlToken final : public SubjectToken {
 public:
  UrlToken(const CredentialFile& source, const GoogleNetwork& network)
      : network_(network), url_(source.url("url")), format_(source) {
    for (const auto& [name, value] : source.dictionary("headers")) {
      if ((name + value).find_first_of("\r\n") != std::string::npos) {
        source.refuse("A line break stands in the \"headers\"");
      }
      headers_.emplace_back(name, value);
    }
  }

  Secret fetch() override {
    HttpRequest request;
    request.url = url_;
    request.headers = headers_;
    request.use_proxy = url_.starts_with("https://");  // the others are on this machine or link-local
    const HttpResponse response = call_service(network_.http, network_.clock, request, name());
    if (response.status != 200) throw refusal(response, name(), reason_in(response));
    return format_.read(response.body, fmt::format("the answer of {}", name()));
  }

  // Without the query, which may hold a key.
  std::string name() const override {
    return fmt::format("the subject token service {}", url_.substr(0, url_.find_first_of("?#")));
  }

 private:
  GoogleNetwork network_;
  std::string url_;
  TokenFormat format_;
  HttpHeaders headers_;
};

}  // namespace

std::unique_ptr<SubjectToken> subject_token_from_file(const CredentialFile& source) {
  return std::make_unique<FileToken>(source);
}

std::unique_ptr<SubjectToken> subject_token_from_url(const CredentialFile& source, const GoogleNetwork& network) {
  return std::make_unique<UrlToken>(source, network);
}

}  // namespace tapster
