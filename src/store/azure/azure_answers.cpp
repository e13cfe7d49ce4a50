#include "store/azure/azure_answers.h"

#include "text/encoding.h"
#include "text/number.h"
#include "text/time_text.h"
#include "text/xml.h"

namespace tapster {
namespace {

// Names with characters that XML cannot hold come percent-encoded.
std::string name_in(const XmlElement& element) {
  const XmlElement name = element.child("Name");
  return name.attribute("Encoded") == "true" ? percent_decode(name.text()) : name.text();
}

ListedBlobs read_page(const XmlElement& listing) {
  ListedBlobs page;
  for (const XmlElement& blob : listing.child("Blobs").children("Blob")) {
    const XmlElement properties = blob.child("Properties");
    if (properties.child("ResourceType").text() == "directory") continue;
    page.blobs.push_back({name_in(blob),
                          parse_decimal<std::uint64_t>(properties.child("Content-Length").text()).value_or(0),
                          parse_http_date(properties.child("Last-Modified").text())});
  }
  for (const XmlElement& folder : listing.child("Blobs").children("BlobPrefix")) {
    page.prefixes.push_back(name_in(folder));
  }
  return page;
}

XmlDocument parse_document(const AzureAnswer& answer, const std::string& operation, std::string_view kind) {
  auto document = XmlDocument::parse(answer.http.body);
  if (!document || document->root().name() != kind) {
    throw error(ErrorKind::network, "{}: the store's answer is not a listing: {:.100}", operation, answer.http.body);
  }
  return std::move(*document);
}

}  // namespace

void list_blobs(AzureClient& client, AzureCall call, const std::function<bool(const ListedBlobs&)>& each) {
  const auto query = call.query;
  std::string marker;
  do {
    call.query = query;
    if (!marker.empty()) call.query.emplace_back("marker", marker);
    const XmlDocument document = parse_document(client.call(call), call.operation, "EnumerationResults");
    std::string next = document.root().child("NextMarker").text();
    if (!each(read_page(document.root()))) return;
    if (!next.empty() && next == marker) {
      throw error(ErrorKind::network, "{}: a page of the listing does not say how to go on", call.operation);
    }
    marker = std::move(next);
  } while (!marker.empty());
}

std::optional<std::vector<std::string>> block_names(AzureClient& client, const std::string& key,
                                                    const std::string& kind) {
  AzureCall call{.operation = "Get Block List", .method = "GET", .key = key};
  call.query = {{"comp", "blocklist"}, {"blocklisttype", kind}};
  call.accepted = {kBlobNotFound};
  const AzureAnswer answer = client.call(call);
  if (answer.is({kBlobNotFound})) return std::nullopt;
  const XmlDocument document = parse_document(answer, call.operation, "BlockList");
  const XmlElement blocks = document.root().child(kind == "committed" ? "CommittedBlocks" : "UncommittedBlocks");
  std::vector<std::string> names;
  for (const XmlElement& block : blocks.children("Block")) names.push_back(block.child("Name").text());
  return names;
}

}  // namespace tapster
