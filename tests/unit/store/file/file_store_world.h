// What the tests of the directory store share.
#pragma once

#include "store/file/file_store.h"
#include "support/catch.h"
#include "support/scratch.h"
#include "unit/file/injected_calls.h"

#include <tapster/clock.h>
#include <tapster/environment.h>
#include <tapster/open_store.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace tapster::test {

using Names = std::vector<std::string>;

class StringSink final : public ByteSink {
 public:
  void write(Bytes data) override { text.append(reinterpret_cast<const char*>(data.data()), data.size()); }
  void finish() override {}
  std::string text;
};

// Does something on the way: before the first byte is read or written.
class HookedBody final : public Body {
 public:
  HookedBody(std::string text, std::function<void()> hook) : text_(std::move(text)), hook_(std::move(hook)) {}
  std::uint64_t size() const override { return text_.size(); }
  void rewind() override { body_.rewind(); }
  std::size_t read(std::span<std::byte> out) override {
    hook_();
    return body_.read(out);
  }

 private:
  std::string text_;
  std::function<void()> hook_;
  MemoryBody body_{text_};
};

class HookedSink final : public ByteSink {
 public:
  explicit HookedSink(std::function<void()> hook) : hook_(std::move(hook)) {}
  void write(Bytes) override { hook_(); }
  void finish() override {}

 private:
  std::function<void()> hook_;
};

inline PutResult put(FileStore& store, const std::string& key, std::string_view text, bool if_absent = false) {
  MemoryBody body(text);
  PutOptions options;
  if (if_absent) options.protection = WriteProtection::checked_by_store;
  return store.put(key, body, options);
}

inline std::optional<std::string> get(FileStore& store, const std::string& key) {
  StringSink sink;
  if (!store.get(key, sink, {})) return std::nullopt;
  return sink.text;
}

inline Names list(FileStore& store, const std::string& prefix, bool by_folder = false) {
  Names names;
  ListOptions options;
  options.by_folder = by_folder;
  store.list(prefix, options, [&](const ListPage& page) {
    for (const auto& object : page.objects) names.push_back(object.key);
    names.insert(names.end(), page.prefixes.begin(), page.prefixes.end());
    return true;
  });
  return names;
}

// The code of the StoreError that `work` must throw.
inline std::string code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const StoreError& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    CHECK_FALSE(failure.details().operation.empty());
    return failure.details().code;
  }
  return "no error";
}

inline FileStore::Options either_way() { return {GENERATE(true, false)}; }

}  // namespace tapster::test
