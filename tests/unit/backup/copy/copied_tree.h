// Copying a tree into an archive in memory, and looking at it.
#pragma once

#include "backup/copy/tree_copy.h"
#include "support/catch.h"
#include "support/roomy_sink.h"
#include "support/scratch.h"

#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tapster::test {

// `block`: of the room that archives have, if any. Begins a new archive before a member when told to; `before_member`
// may change the tree between a file's stat and its reading.
class ArchivesInMemory final : public ArchiveTarget {
 public:
  explicit ArchivesInMemory(std::size_t block = 0) : block_(block) {}

  TarWriter& writer_for(std::uint64_t size) override {
    sizes.push_back(size);
    if (archives_.empty() || (split_before && split_before(sizes.size()))) {
      if (!archives_.empty()) archives_.back()->tar.finish();
      archives_.push_back(std::make_unique<Archive>(block_));
    }
    if (before_member) before_member(sizes.size());
    return archives_.back()->tar;
  }
  std::vector<std::string> finish() {
    archives_.back()->tar.finish();
    std::vector<std::string> texts;
    for (const auto& archive : archives_) texts.push_back(archive->sink.text);
    return texts;
  }

  std::vector<std::uint64_t> sizes;
  std::function<bool(std::size_t)> split_before;
  std::function<void(std::size_t)> before_member;

 private:
  struct Archive {
    explicit Archive(std::size_t block) : sink(block) {}
    RoomySink sink;
    TarWriter tar{sink};
  };
  std::size_t block_;
  std::vector<std::unique_ptr<Archive>> archives_;
};

inline std::string shell(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, count);
  INFO(command << ": " << text);
  REQUIRE(::pclose(pipe) == 0);
  return text;
}

// One tree in one archive, unpacked by tar.
struct CopiedTree {
  explicit CopiedTree(const TreeSource& source, PageChecks checks = {}, std::size_t block = 0)
      : CopiedTree(checks, block) {
    run(source);
  }
  explicit CopiedTree(PageChecks checks = {}, std::size_t block = 0)
      : target(block),
        copier(
            target, checks, [this](const CopiedFile& file) { files.push_back(file); }, stop.get_token()) {}

  void run(const TreeSource& source) {
    copier.copy_tree(source);
    unpack();
  }
  void unpack() {
    for (const std::string& text : target.finish()) {
      write_file(room / "archive.tar", text);
      listing += shell("tar tf " + (room / "archive.tar"));
      std::filesystem::create_directories(room / "tree");
      (void)shell("tar xpf " + (room / "archive.tar") + " -C " + (room / "tree"));
    }
  }
  std::string operator/(const std::string& path) const { return room / ("tree/" + path); }
  const CopiedFile* find(const std::string& path) const {
    for (const CopiedFile& file : files)
      if (file.path == path) return &file;
    return nullptr;
  }

  ScratchDirectory room;
  ArchivesInMemory target;
  std::stop_source stop;
  std::vector<CopiedFile> files;
  std::string listing;
  TreeCopier copier;
};

inline TreeSource pgdata_at(const std::string& root) {
  TreeSource source;
  source.root = root;
  source.major_version = "15";
  return source;
}

inline void make_file(const std::string& path, const std::string& text = "x") {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  write_file(path, text);
}

}  // namespace tapster::test
