// Listing a directory tree as an object store lists keys.
#pragma once

#include "store/file/file_tree.h"

#include <tapster/object_store.h>

namespace tapster {

// ObjectStore::list. Holds one page and the names of the directories from the prefix to the
// current one. Directories without any object below them are not listed as prefixes.
void list_files(const FileTree& tree, const std::string& prefix, const ListOptions& options,
                const std::function<bool(const ListPage&)>& each);

}  // namespace tapster
