// A store in memory with base backups in it.
#pragma once

#include "support/fake_store.h"

#include <tapster/archive_layout.h>

#include <span>
#include <string>
#include <string_view>

namespace tapster::test {

inline Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

struct CatalogFixture {
  FakeStore store;
  ArchiveLayout layout{"p", "srv"};

  void add(const std::string& key, std::string_view text) { store.add(key, bytes_of(text)); }
  void add_backup(const std::string& id, std::string_view info) {
    add(layout.archive_key(id, "data", 0, Compression::none), "tar");
    add(layout.backup_info_key(id), info);
  }
  void keep(const std::string& id, std::string_view text) { add(layout.keep_key(id), text); }
  // Where the original puts it when the URL ends in a slash.
  void keep_slashed(const std::string& id, std::string_view text) {
    add("p//srv/base/" + id + "/annotations/keep", text);
  }
  std::string text_at(const std::string& key) const {
    const auto object = store.find(key);
    if (!object) return "absent";
    return {reinterpret_cast<const char*>(object->data.data()), object->data.size()};  // NOLINT(*-reinterpret-cast)
  }
};

}  // namespace tapster::test
