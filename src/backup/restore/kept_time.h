// A directory whose content changes and whose time does not.
#pragma once

#include <sys/stat.h>

namespace tapster {

// Directories keep the times that the archive gave them, whatever is put into them afterwards.
class KeptTime {
 public:
  explicit KeptTime(int directory) : directory_(directory), known_(::fstat(directory, &before_) == 0) {}
  KeptTime(const KeptTime&) = delete;
  KeptTime& operator=(const KeptTime&) = delete;
  ~KeptTime() {
    const timespec times[] = {before_.st_mtim, before_.st_mtim};
    if (known_) static_cast<void>(::futimens(directory_, times));
  }

 private:
  int directory_;
  struct stat before_ {};
  bool known_;
};

}  // namespace tapster
