#include "wal/download/last_form.h"

#include "wal/private_note.h"

#include <string>

namespace tapster {
namespace {

constexpr const char* kFormFile = "form";

}  // namespace

LastForm::LastForm(const PrivateFolder& folder) : folder_(folder) {
  if (const auto text = read_note(folder, kFormFile)) form_ = compression_from_name(*text);
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
