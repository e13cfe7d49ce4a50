#include "support/child.h"
#include "unit/store/file/file_store_world.h"

namespace fs = std::filesystem;
using namespace tapster;
using namespace tapster::test;

TEST_CASE("removing takes empty parents with it, but neither the root nor used ones") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  for (const char* key : {"a/b/c/1", "a/b/2", "d/e/f/3"}) put(store, key, "x");
  CHECK(store.remove({"a/b/c/1", "d/e/f/3"}).empty());
  CHECK(tree(scratch.path()) == Names{"a", "a/b", "a/b/2"});
  CHECK(store.remove({"a/b", "a"}).empty());  // directories are no objects
  CHECK(tree(scratch.path()) == Names{"a", "a/b", "a/b/2"});
  CHECK(store.remove({"a/b/2"}).empty());
  CHECK(tree(scratch.path()).empty());
  CHECK(store.container_exists());
}

TEST_CASE("a directory that vanishes under a writer is made again") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  int times = 3;
  HookedBody body("text", [&] {
    if (times-- > 0) fs::remove_all(scratch / "a");
  });
  CHECK(store.put("a/b/c", body, {}) == PutResult::created);
  CHECK(get(store, "a/b/c") == "text");
  HookedBody endless("text", [&] { fs::remove_all(scratch / "a"); });
  CHECK(code_of([&] { store.put("a/b/c", endless, {}); }) == "ENOENT");
}

TEST_CASE("writers and removers of one directory do not disturb each other") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string(), either_way());
  std::atomic<int> failed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      const std::string key = fmt::format("a/b/{}", i);
      try {
        for (int round = 0; round < 50; ++round) {
          if (put(store, key, key, true) != PutResult::created || get(store, key) != key) ++failed;
          if (!store.remove({key}).empty() || store.stat(key)) ++failed;
        }
      } catch (const std::exception&) {
        ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  CHECK(tree(scratch.path()).empty());
}

TEST_CASE("of eight processes with one key exactly one creates it, whole") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string(), either_way());
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  const FileDescriptor start(pipe[0]);
  FileDescriptor gate(pipe[1]);
  std::vector<std::unique_ptr<Child>> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(std::make_unique<Child>([&, i] {
      gate.reset();
      char byte = 0;
      if (::read(start.get(), &byte, 1) != 0) return 98;  // until the parent opens the gate
      return put(store, "a/b", std::string(500'000, static_cast<char>('0' + i)), true) == PutResult::created ? i : 20;
    }));
  }
  gate.reset();
  Names winners;
  for (auto& child : children) {
    const int status = child->wait();
    if (status != 20) winners.push_back(std::string(500'000, static_cast<char>('0' + status)));
  }
  REQUIRE(winners.size() == 1);
  CHECK(get(store, "a/b") == winners[0]);
  CHECK(tree(scratch.path()) == Names{"a", "a/b"});
}

TEST_CASE("SIGKILL in the middle of a put leaves nothing that can be seen") {
  const ScratchDirectory scratch;
  const auto options = either_way();
  FileStore store(scratch.path().string(), options);
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  const FileDescriptor reading(pipe[0]);
  FileDescriptor writing(pipe[1]);
  Child child([&] {
    int pieces = 0;
    HookedBody body(std::string(std::size_t{256} << 20U, 'x'), [&] {
      if (++pieces == 20 && ::write(writing.get(), "x", 1) != 1) ::_exit(1);
    });
    store.put("a/b", body, {});
    return 0;
  });
  writing.reset();
  char byte = 0;
  REQUIRE(::read(reading.get(), &byte, 1) == 1);
  child.kill();
  CHECK(child.wait() == -SIGKILL);
  CHECK_FALSE(store.stat("a/b"));
  CHECK(list(store, "").empty());
  CHECK(list(store, "", true).empty());
  const Names left = tree(scratch.path());
  CHECK(left.size() == (options.unnamed_files ? 1 : 2));  // the directory, and without O_TMPFILE the temporary file
  put(store, "a/b", "after all");
  CHECK(list(store, "") == Names{"a/b"});
}
