#include "wal/download/last_form.h"

#include "wal/private_note.h"

#include <string>

namespace tapster {
namespace {

constexpr const char* kFormFile = "form";

std::optional<Compression> form_in(const std::string& text) {
  if (text == name_of(Compression::none)) return Compression::none;
  for (const Compression form : kAllCompressions) {
    if (text == name_of(form)) return form;
  }
  return std::nullopt;
}

}  // namespace

LastForm::LastForm(const PrivateFolder& folder) : folder_(folder) {
  if (const auto text = read_note(folder, kFormFile)) form_ = form_in(*text);
}

std::optional<Compression> LastForm::get() const {
  const std::lock_guard lock(mutex_);
  return form_;
}

void LastForm::set(Compression form) {
  const std::lock_guard lock(mutex_);
  if (form_ == form) return;
  form_ = form;
  write_note(folder_, kFormFile, name_of(form));
}

}  // namespace tapster
