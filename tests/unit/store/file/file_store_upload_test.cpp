#include "unit/store/file/file_store_world.h"

namespace fs = std::filesystem;
using namespace tapster;
using namespace tapster::test;

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
