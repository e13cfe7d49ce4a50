// Verifying the checksums of a relation file's pages while they pass.
#pragma once

#include "backup/copy/page_checksum.h"
#include "backup/copy/tree_copy.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tapster {

// A page that looks damaged may have been caught in the middle of a write: it is read again, a moment later, before it
// counts. Never judged: pages that were never initialised, and those with an LSN from the backup's start on (what is
// wrong with them is mended by their WAL).
class PageVerifier {
 public:
  // `file` and `path` are borrowed. `segment`: of the relation.
  PageVerifier(const PageChecks& checks, int file, const std::string& path, std::uint32_t segment);

  // `offset` is a multiple of the page size; an incomplete page at the end of `data` is not looked at.
  void check(std::uint64_t offset, Bytes data);
  // How many pages are damaged; each of the first five was a warning, the rest are one.
  std::uint64_t finish();

 private:
  bool looks_damaged(Bytes page, std::uint32_t block) const;
  void read_suspects_again();
  std::uint32_t block_of(std::uint64_t page) const;

  const PageChecks& checks_;
  const int file_;
  const std::string& path_;
  const std::uint32_t segment_;
  std::vector<std::uint64_t> suspects_;  // numbers within the file
  std::uint64_t damaged_ = 0;
};

}  // namespace tapster
