// A server that restores segments ahead, with background fetchers that are threads instead of processes.
#pragma once

#include "support/fake_store.h"
#include "support/scratch.h"
#include "support/wal_files.h"

#include <tapster/wal_prefetch.h>
#include <tapster/wal_restore.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace tapster::test {

inline constexpr std::uint32_t kMiB = 1U << 20U;

using Names = std::vector<std::string>;

inline const std::string kFirst = "000000010000000000000001";
inline const std::string kSecond = "000000010000000000000002";
inline const std::string kThird = "000000010000000000000003";
inline const std::string kFourth = "000000010000000000000004";
inline const std::string kFifth = "000000010000000000000005";

inline WalName wal(const std::string& text) { return *WalName::parse(text); }

// Whether `condition` came true within a time that is long for any machine.
inline bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline Names names_in(const std::string& directory) {
  Names result;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(directory, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    result.push_back(entry->path().filename().string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

struct Standby {
  FakeStore own_store;
  FakeStore& store;
  ScratchDirectory own_dir;
  std::string dir;
  std::string spool_dir;
  std::string archive_id = "s3://bucket/p";
  int parallel = 4;
  std::string destination_name = "RECOVERYXLOG";
  ArchiveLayout layout{"p", "srv"};
  Duration idle_limit{60'000};
  Duration patience{30'000};
  bool starts = true;  // false: no process comes of it
  std::atomic<int> started = 0;
  std::atomic<int> running = 0;
  std::vector<std::jthread> fetchers;

  Standby() : store(own_store), dir(own_dir.path().string()), spool_dir(dir + "/spool") {}
  // Another process of the same server.
  Standby(Standby& other, std::string name)
      : store(other.store), dir(other.dir), spool_dir(other.spool_dir), destination_name(std::move(name)) {}

  std::string destination() const { return dir + "/" + destination_name; }

  Data add(const std::string& name, unsigned seed, std::uint32_t size = kMiB, const std::string& suffix = "") {
    Data data = make_segment(size, seed);
    store.add(layout.wal_key(wal(name)) + suffix, compressed(compression_from_suffix(suffix), data));
    return data;
  }
  // So many segments from `first` on; their names.
  Names add_series(const std::string& first, int count) {
    Names names;
    WalName name = wal(first);
    for (int i = 0; i < count; ++i) {
      names.push_back(name.text());
      add(name.text(), static_cast<unsigned>(i + 1));
      name = name.next(kMiB);
    }
    return names;
  }

  void fetch_ahead(const std::string& folder) {
    ++started;
    if (!starts) return;
    ++running;
    fetchers.emplace_back([this, folder](const std::stop_token& stop) {
      prefetch_wal(store, layout, {.folder = folder, .idle_limit = idle_limit}, stop);
      --running;
    });
  }

  WalRestoreOutcome restore(const std::string& name) {
    WalRestoreRequest request{wal(name), destination(), false, parallel, spool_dir, archive_id};
    request.start_fetcher = [this](const std::string& folder) { fetch_ahead(folder); };
    request.patience = patience;
    return restore_wal(store, layout, request);
  }

  bool fetchers_end() {
    return comes_true([this] { return running == 0; });
  }
  void stop_fetchers() { fetchers.clear(); }

  // The segments in the spool.
  Names spooled() const {
    Names result = files();
    std::erase_if(result, [](const std::string& name) { return name.size() != 24; });
    return result;
  }
  bool spool_becomes(const Names& names) const {
    return comes_true([&] { return spooled() == names; });
  }
  // All files in its folder, while they come and go.
  Names files() const { return names_in(folder()); }
  std::string folder() const {
    const Names folders = names_in(spool_dir);
    return folders.empty() ? std::string() : spool_dir + "/" + folders.front();
  }
  // How the last fetcher ended.
  std::string note() const { return read_file(folder() + "/fetcher"); }

  int calls_for(const std::string& name, const std::string& operation = "") const {
    const auto calls = store.calls();
    return static_cast<int>(std::count_if(calls.begin(), calls.end(), [&](const std::string& call) {
      return call.starts_with(operation) && call.find("/" + name) != std::string::npos;
    }));
  }
};

}  // namespace tapster::test
