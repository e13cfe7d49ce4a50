#include "wal/last_form.h"

#include <tapster/log.h>

#include <fmt/format.h>

#include <string>

namespace tapster {
namespace {

constexpr const char* kFormFile = "form";

// A name and the end of the line: what a crash has cut off is no form.
std::string form_line(Compression form) { return fmt::format("{}\n", name_of(form)); }

std::optional<Compression> form_in(const std::string& line) {
  if (line == form_line(Compression::none)) return Compression::none;
  for (const Compression form : kAllCompressions) {
    if (line == form_line(form)) return form;
  }
  return std::nullopt;
}

}  // namespace

LastForm::LastForm(const PrivateFolder& folder) : folder_(folder) {
  if (const auto line = folder.read(kFormFile)) form_ = form_in(*line);
}

std::optional<Compression> LastForm::get() const {
  const std::lock_guard lock(mutex_);
  return form_;
}

void LastForm::set(Compression form) {
  const std::lock_guard lock(mutex_);
  if (form_ == form) return;
  form_ = form;
  if (!folder_.replace(kFormFile, form_line(form))) {
    log::debug("cannot remember the form of the segments in {}", folder_.path());
  }
}

}  // namespace tapster
