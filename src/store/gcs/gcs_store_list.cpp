// objects.list, page by page.
#include "store/gcs/gcs_store.h"
#include "store/gcs/wire/object_stat.h"
#include "text/json_member.h"
#include "text/time_text.h"

#include <nlohmann/json.hpp>

namespace tapster {
namespace {

using nlohmann::json;

// A listing begins at a key; what it is to begin behind is left out.
ListPage read_page(const json& listing, const std::string& start_after) {
  ListPage page;
  if (const auto items = listing.find("items"); items != listing.end() && items->is_array()) {
    for (const json& item : *items) {
      std::string key = item.is_object() ? text_of(item, "name") : "";
      if (key.empty() || key == start_after) continue;
      page.objects.push_back({std::move(key), number_member(item, "size"), parse_rfc3339(text_of(item, "updated"))});
    }
  }
  if (const auto prefixes = listing.find("prefixes"); prefixes != listing.end() && prefixes->is_array()) {
    for (const json& prefix : *prefixes) {
      if (prefix.is_string()) page.prefixes.push_back(prefix.get<std::string>());
    }
  }
  return page;
}

}  // namespace

void GcsStore::list(const std::string& prefix, const ListOptions& options,
                    const std::function<bool(const ListPage&)>& each) {
  std::string token;
  do {
    GcsCall call{.operation = "objects.list", .method = "GET", .path = client_.bucket_path() + "/o"};
    call.query = {{"fields", "nextPageToken,prefixes,items(name,size,updated)"}};
    if (!prefix.empty()) call.query.emplace_back("prefix", prefix);
    if (options.by_folder) call.query.emplace_back("delimiter", "/");
    if (options.page_size) call.query.emplace_back("maxResults", std::to_string(*options.page_size));
    if (!options.start_after.empty()) call.query.emplace_back("startOffset", options.start_after);
    if (!token.empty()) call.query.emplace_back("pageToken", token);
    const json listing = json_in(client_.call(call), call.operation);
    if (!each(read_page(listing, options.start_after))) return;
    std::string next = text_of(listing, "nextPageToken");
    if (!next.empty() && next == token) {
      throw error(ErrorKind::network, "{}: a page of the listing does not say how to go on", call.operation);
    }
    token = std::move(next);
  } while (!token.empty());
}

}  // namespace tapster
