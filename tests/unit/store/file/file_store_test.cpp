#include "support/child.h"
#include "unit/store/file/file_store_world.h"

namespace fs = std::filesystem;
using namespace tapster;
using namespace tapster::test;

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
