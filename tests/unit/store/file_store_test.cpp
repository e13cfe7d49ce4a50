#include "store/file/file_store.h"

#include "support/catch.h"
#include "support/child.h"
#include "support/scratch.h"
#include "unit/io/injected_calls.h"

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

namespace fs = std::filesystem;
using namespace tapster;
using namespace tapster::test;

namespace {

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

PutResult put(FileStore& store, const std::string& key, std::string_view text, bool if_absent = false) {
  MemoryBody body(text);
  PutOptions options;
  options.if_absent = if_absent;
  return store.put(key, body, options);
}

std::optional<std::string> get(FileStore& store, const std::string& key) {
  StringSink sink;
  if (!store.get(key, sink, {})) return std::nullopt;
  return sink.text;
}

Names list(FileStore& store, const std::string& prefix, bool by_folder = false) {
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
std::string code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const StoreError& failure) {
    CHECK(failure.kind() == ErrorKind::general);
    CHECK_FALSE(failure.details().operation.empty());
    return failure.details().code;
  }
  return "no error";
}

FileStore::Options either_way() { return {GENERATE(true, false)}; }

}  // namespace

TEST_CASE("files get mode 0600 and directories 0700") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string(), either_way());
  put(store, "a/b/c", "text");
  const UploadId upload = store.begin_upload("a/d/e", 10, {});
  MemoryBody part("x");
  store.complete_upload(upload, {store.upload_part(upload, 1, part)}, {});
  CHECK(tree(scratch.path()) == Names{"a", "a/b", "a/b/c", "a/d", "a/d/e"});
  for (const char* directory : {"a", "a/b", "a/d"}) CHECK(mode_of(scratch / directory) == 0700);
  for (const char* file : {"a/b/c", "a/d/e"}) CHECK(mode_of(scratch / file) == 0600);
}

TEST_CASE("keys that are no path below the root are refused") {
  const ScratchDirectory scratch;
  fs::create_directory(scratch / "root");
  write_file(scratch / "outside", "secret");
  FileStore store(scratch / "root");
  const std::vector<std::string> keys = {"",
                                         "/",
                                         "/a",
                                         "a/",
                                         "a//b",
                                         "..",
                                         "../outside",
                                         "a/../../outside",
                                         "./a",
                                         "a/.",
                                         "a/..",
                                         ".tapster-x",
                                         "a/.tapster-upload-1",
                                         ".tapster-x/a",
                                         std::string("a\0b", 3),
                                         std::string("\0", 1),
                                         scratch / "outside"};
  for (const std::string& key : keys) {
    CAPTURE(key);
    CHECK(code_of([&] { put(store, key, "x"); }) == "InvalidKey");
    CHECK(code_of([&] { put(store, key, "x", true); }) == "InvalidKey");
    CHECK(code_of([&] { get(store, key); }) == "InvalidKey");
    CHECK(code_of([&] { store.stat(key); }) == "InvalidKey");
    CHECK(code_of([&] { store.begin_upload(key, 10, {}); }) == "InvalidKey");
    const auto failures = store.remove({key});
    REQUIRE(failures.size() == 1);
    CHECK(failures[0].key == key);
    CHECK_THAT(failures[0].reason, ContainsSubstring("no empty component"));
  }
  for (const char* prefix : {"../", "../out", "/", "//", "a//", "./", ".tapster-x/", ".tapster-"}) {
    CHECK(list(store, prefix).empty());
  }
  CHECK(tree(scratch.path()) == Names{"outside", "root"});
  CHECK(put(store, "..a/b..c/.d/...", "fine") == PutResult::created);
}

TEST_CASE("no symbolic link below the root is followed") {
  const ScratchDirectory scratch;
  const std::string outside = scratch / "outside";
  fs::create_directories(outside + "/b/c");
  write_file(outside + "/b/c/file", "secret");
  write_file(outside + "/file", "secret");
  const Names before = tree(outside);
  fs::create_directory(scratch / "root");
  FileStore store(scratch / "root", either_way());
  const auto plant = [&](const std::string& target, const std::string& link) {
    fs::remove_all(scratch / "root/a");
    if (link != "a") fs::create_directories(fs::path(scratch / ("root/" + link)).parent_path());
    fs::create_symlink(target, scratch / ("root/" + link));
  };
  const std::vector<std::pair<std::string, std::string>> plants = {{outside, "a"},
                                                                   {outside + "/b", "a/b"},
                                                                   {outside + "/b/c", "a/b/c"},
                                                                   {"../../outside/b", "a/b"},
                                                                   {"nowhere", "a/b"}};
  for (const auto& [target, link] : plants) {
    CAPTURE(target, link);
    plant(target, link);
    CHECK(code_of([&] { get(store, "a/b/c/file"); }) == "ELOOP");
    CHECK(code_of([&] { store.stat("a/b/c/file"); }) == "ELOOP");
    CHECK(code_of([&] { put(store, "a/b/c/file", "x"); }) == "ELOOP");
    CHECK(code_of([&] { put(store, "a/b/c/new", "x", true); }) == "ELOOP");
    CHECK(code_of([&] { store.begin_upload("a/b/c/new", 10, {}); }) == "ELOOP");
    CHECK(code_of([&] { list(store, ""); }) == "ELOOP");
    CHECK(code_of([&] { list(store, "a/b/c/"); }) == "ELOOP");
    CHECK(store.remove({"a/b/c/file"}).size() == 1);
    CHECK(fs::is_symlink(scratch / ("root/" + link)));
  }
  // At the place of the object itself: never read through, never written through.
  plant(outside + "/file", "a/b/c/file");
  CHECK(code_of([&] { get(store, "a/b/c/file"); }) == "ELOOP");
  CHECK(code_of([&] { store.stat("a/b/c/file"); }) == "ELOOP");
  CHECK(code_of([&] { put(store, "a/b/c/file", "x", true); }) == "ELOOP");
  CHECK(put(store, "a/b/c/file", "mine") == PutResult::created);
  CHECK_FALSE(fs::is_symlink(scratch / "root/a/b/c/file"));
  plant(outside + "/file", "a/b/c/file");
  CHECK(store.remove({"a/b/c/file"}).empty());
  CHECK(tree(scratch / "root").empty());
  CHECK(tree(outside) == before);
  CHECK(read_file(outside + "/file") == "secret");
}

TEST_CASE("the root itself may be a symbolic link") {
  const ScratchDirectory scratch;
  fs::create_directory(scratch / "real");
  fs::create_symlink("real", scratch / "link");
  FileStore store(scratch / "link");
  CHECK(store.container_exists());
  put(store, "a/b", "text");
  CHECK(read_file(scratch / "real/a/b") == "text");
  CHECK(list(store, "") == Names{"a/b"});
}

TEST_CASE("what is no regular file is an error, a directory no object") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string(), either_way());
  REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0600) == 0);
  CHECK(code_of([&] { get(store, "fifo"); }) == "EINVAL");
  CHECK(code_of([&] { store.stat("fifo"); }) == "EINVAL");
  CHECK(list(store, "").empty());
  put(store, "d/file", "x");
  CHECK_FALSE(get(store, "d"));
  CHECK_FALSE(store.stat("d"));
  CHECK(code_of([&] { put(store, "d", "x"); }) == "EISDIR");
  CHECK(code_of([&] { put(store, "d", "x", true); }) == "EISDIR");
  CHECK(code_of([&] { put(store, "d/file/below", "x"); }) == "ENOTDIR");
  CHECK(code_of([&] { store.begin_upload("d/file/below", 10, {}); }) == "ENOTDIR");
  CHECK(tree(scratch.path()) == Names{"d", "d/file", "fifo"});
}

TEST_CASE("only ENOENT and ENOTDIR prove an absence") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  CHECK(code_of([&] { store.stat(std::string(300, 'x')); }) == "ENAMETOOLONG");
  CHECK(code_of([&] { get(store, std::string(300, 'x') + "/y"); }) == "ENAMETOOLONG");
  put(store, "closed/a/b", "text");
  fs::permissions(scratch.path(), fs::perms::all);
  fs::permissions(scratch / "closed", fs::perms::none);
  Child child([&] {  // root would be let in
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return 1;
    const auto denied = [&](const std::function<void()>& work) { return code_of(work) == "EACCES"; };
    if (!denied([&] { store.stat("closed/a/b"); })) return 2;
    if (!denied([&] { get(store, "closed/a/b"); })) return 3;
    if (!denied([&] { put(store, "closed/a/c", "x"); })) return 4;
    if (!denied([&] { list(store, ""); })) return 5;
    if (!denied([&] { list(store, "closed/a/"); })) return 6;
    if (store.remove({"closed/a/b"}).size() != 1) return 7;
    return 0;
  });
  CHECK(child.wait() == 0);
  fs::permissions(scratch / "closed", fs::perms::owner_all);
  CHECK(get(store, "closed/a/b") == "text");
}

TEST_CASE("a root that does not exist is an error that says what to do") {
  const ScratchDirectory scratch;
  FileStore store(scratch / "no/such");
  const auto expected =
      ContainsSubstring("the directory " + (scratch / "no/such") + " does not exist: create it first");
  StringSink sink;
  MemoryBody body("x");
  CHECK_THROWS_WITH(store.stat("a"), expected);
  CHECK_THROWS_WITH(store.get("a", sink, {}), expected);
  CHECK_THROWS_WITH(store.put("a", body, {}), expected);
  CHECK_THROWS_WITH(store.list("", {}, [](const ListPage&) { return true; }), expected);
  CHECK_THROWS_WITH(store.list("../", {}, [](const ListPage&) { return true; }), expected);
  CHECK_THROWS_WITH(store.remove({"a"}), expected);
  CHECK_FALSE(store.container_exists());
  store.create_container();
  CHECK(tree(scratch.path()) == Names{"no", "no/such"});
  CHECK(mode_of(scratch / "no") == 0700);
  CHECK(mode_of(scratch / "no/such") == 0700);
  store.create_container();  // once more does no harm
  CHECK(put(store, "a", "x") == PutResult::created);
}

TEST_CASE("a root that is a file is an error") {
  const ScratchDirectory scratch;
  write_file(scratch / "f", "x");
  for (const char* root : {"f", "f/below"}) {
    FileStore store(scratch / root);
    CHECK(code_of([&] { store.container_exists(); }) == "ENOTDIR");
    CHECK(code_of([&] { store.create_container(); }) == "ENOTDIR");
    CHECK(code_of([&] { store.stat("a"); }) == "ENOTDIR");
    CHECK(code_of([&] { store.remove({"a"}); }) == "ENOTDIR");
  }
}

TEST_CASE("a put that fails leaves nothing") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string(), either_way());
  put(store, "d/old", "old");
  for (const bool if_absent : {false, true}) {
    {
      const InjectedFailure full(Call::pwrite, ENOSPC);
      CHECK(code_of([&] { put(store, "d/new", "text", if_absent); }) == "ENOSPC");
      if (!if_absent) CHECK(code_of([&] { put(store, "d/old", "text"); }) == "ENOSPC");
    }
    const InjectedFailure broken(Call::fsync, EIO);
    CHECK(code_of([&] { put(store, "d/new", "text", if_absent); }) == "EIO");
    CHECK(code_of([&] { put(store, "d/old", "text", if_absent); }) == "EIO");  // not known to be durable
  }
  HookedBody bad("text", [] { throw std::runtime_error("unreadable"); });
  CHECK_THROWS_WITH(store.put("d/new", bad, {}), "unreadable");
  CHECK(tree(scratch.path()) == Names{"d", "d/old"});
  CHECK(get(store, "d/old") == "old");
}

TEST_CASE("errors of the caller's own files pass unchanged") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  put(store, "x", "text");
  const auto fail = [] { throw FileError(ENOENT, "cannot read", "elsewhere"); };
  HookedBody body("text", fail);
  HookedSink sink(fail);
  CHECK_THROWS_AS(store.put("y", body, {}), FileError);
  CHECK_THROWS_AS(store.get("x", sink, {}), FileError);
  CHECK_THROWS_AS(store.list("", {}, [&](const ListPage&) { return fail(), true; }), FileError);
}

TEST_CASE("a body that ends early is refused") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  class Liar final : public Body {
   public:
    std::uint64_t size() const override { return 10; }
    void rewind() override {}
    std::size_t read(std::span<std::byte>) override { return 0; }
  } liar;
  CHECK(code_of([&] { store.put("x", liar, {}); }) == "IncompleteBody");
  CHECK(tree(scratch.path()).empty());
}

TEST_CASE("an object that somebody changes in place while it is read is an error") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  put(store, "x", std::string(1'000'000, 'x'));
  HookedSink truncates([&] { fs::resize_file(scratch / "x", 300'000); });
  CHECK(code_of([&] { store.get("x", truncates, {}); }) == "Changed");
  HookedSink grows([&] { fs::resize_file(scratch / "x", 400'000); });
  CHECK(code_of([&] { store.get("x", grows, {}); }) == "Changed");
  // Replaced or removed, the open version is read to its end.
  HookedSink replaces([&] { put(store, "x", "new"); });
  CHECK(store.get("x", replaces, {})->size == 400'000);
  HookedSink removes([&] { store.remove({"x"}); });
  CHECK(store.get("x", removes, {})->size == 3);
  put(store, "x", "text");
  const InjectedFailure broken(Call::pread, EIO);
  CHECK(code_of([&] { get(store, "x"); }) == "EIO");
}

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

TEST_CASE("temporary files are invisible and harmless") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  fs::create_directories(scratch / "a/only");
  fs::create_directories(scratch / "a/empty");
  fs::create_directories(scratch / "a/.tapster-dir");
  write_file(scratch / "a/only/.tapster-new-0123", "x");
  write_file(scratch / "a/.tapster-upload-0123", "x");
  write_file(scratch / "a/.tapster-dir/x", "x");
  CHECK(list(store, "").empty());
  CHECK(list(store, "a/.tap").empty());
  CHECK(list(store, "", true).empty());
  CHECK(list(store, "a/", true).empty());
  put(store, "a/b", "x");
  CHECK(list(store, "") == Names{"a/b"});
  CHECK(store.remove({"a/b"}).empty());
  CHECK(fs::exists(scratch / "a/.tapster-upload-0123"));
}

TEST_CASE("an upload leaves one hidden file until it ends") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  const UploadId upload = store.begin_upload("a/b", 4, {});
  CHECK(tree(scratch.path()) == Names{"a", "a/" + upload.id});
  CHECK(upload.id.starts_with(".tapster-upload-"));
  SECTION("aborted") {
    store.abort_upload(upload);
    CHECK(tree(scratch.path()).empty());
  }
  SECTION("completed, with a part too many and out of order") {
    MemoryBody first("1234");
    MemoryBody second("56");
    MemoryBody third("7890");
    const UploadedPart extra = store.upload_part(upload, 3, third);
    const UploadedPart last = store.upload_part(upload, 2, second);
    const UploadedPart begin = store.upload_part(upload, 1, first);
    CHECK(code_of([&] { store.complete_upload(upload, {}, {}); }) == "InvalidPart");
    CHECK(code_of([&] { store.complete_upload(upload, {begin, extra}, {}); }) == "InvalidPart");
    CHECK(code_of([&] { store.complete_upload(upload, {begin, last, extra}, {}); }) == "InvalidPart");
    CHECK(code_of([&] { store.complete_upload(upload, {begin, begin, last}, {}); }) == "InvalidPart");
    CHECK(store.complete_upload(upload, {last, begin}, {}) == PutResult::created);
    CHECK(read_file(scratch / "a/b") == "123456");
    CHECK(tree(scratch.path()) == Names{"a", "a/b"});
  }
  SECTION("with parts that cannot be") {
    MemoryBody large("12345");
    MemoryBody small("1");
    CHECK(code_of([&] { store.upload_part(upload, 1, large); }) == "InvalidPart");
    CHECK(code_of([&] { store.upload_part(upload, 0, small); }) == "InvalidPart");
    CHECK(code_of([&] { store.begin_upload("x", 0, {}); }) == "InvalidPart");
    const InjectedFailure full(Call::pwrite, ENOSPC);
    CHECK(code_of([&] { store.upload_part(upload, 1, small); }) == "ENOSPC");
  }
  SECTION("and its id leads nowhere else") {
    write_file(scratch / "a/victim", "x");
    MemoryBody body("y");
    for (const char* id : {"victim", "../a/victim", ".tapster-upload-/../victim", ""}) {
      const UploadId forged{"a/b", id, 4};
      CHECK(code_of([&] { store.upload_part(forged, 1, body); }) == "NoSuchUpload");
      CHECK(code_of([&] { store.complete_upload(forged, {{1, "", "", 1}}, {}); }) == "NoSuchUpload");
      store.abort_upload(forged);
    }
    CHECK(read_file(scratch / "a/victim") == "x");
  }
}

TEST_CASE("an upload that cannot be made durable is not published") {
  const ScratchDirectory scratch;
  FileStore store(scratch.path().string());
  const UploadId upload = store.begin_upload("b", 4, {});
  MemoryBody body("1234");
  const UploadedPart part = store.upload_part(upload, 1, body);
  {
    const InjectedFailure broken(Call::fsync, EIO);
    CHECK(code_of([&] { store.complete_upload(upload, {part}, {}); }) == "EIO");
  }
  CHECK_FALSE(store.stat("b"));
  CHECK(store.complete_upload(upload, {part}, {}) == PutResult::created);
}

TEST_CASE("open_store opens directories") {
  const ScratchDirectory scratch;
  const MapEnvironment environment({});
  SystemClock clock;
  const auto location = StoreLocation::parse("file://" + scratch.path().string(), {});
  const auto store = open_store(location, {}, environment, clock);
  CHECK(store->container_exists());
  CHECK(store->describe("a b/c") == "file://" + scratch.path().string() + "/a b/c");
  CHECK(FileStore("/").describe("a") == "file:///a");
  CHECK_FALSE(store->capabilities().metadata);
  CHECK_FALSE(store->capabilities().tags);
}
