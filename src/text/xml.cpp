#include "text/xml.h"

#include <fmt/format.h>
#include <pugixml.hpp>

#include <utility>

namespace tapster {

std::string_view XmlElement::name() const { return pugi::xml_node(node_).name(); }

std::string XmlElement::text() const { return pugi::xml_node(node_).text().get(); }

std::string XmlElement::attribute(std::string_view name) const {
  return pugi::xml_node(node_).attribute(std::string(name).c_str()).value();
}

XmlElement XmlElement::child(std::string_view name) const {
  return XmlElement(pugi::xml_node(node_).child(std::string(name).c_str()).internal_object());
}

std::vector<XmlElement> XmlElement::children(std::string_view name) const {
  const std::string wanted(name);  // must outlive the range, which keeps its pointer
  std::vector<XmlElement> found;
  for (const pugi::xml_node node : pugi::xml_node(node_).children(wanted.c_str())) {
    found.emplace_back(node.internal_object());
  }
  return found;
}

XmlDocument::XmlDocument(std::unique_ptr<pugi::xml_document> document) : document_(std::move(document)) {}
XmlDocument::XmlDocument(XmlDocument&&) noexcept = default;
XmlDocument& XmlDocument::operator=(XmlDocument&&) noexcept = default;
XmlDocument::~XmlDocument() = default;

std::optional<XmlDocument> XmlDocument::parse(std::string_view text) {
  auto document = std::make_unique<pugi::xml_document>();
  // White space is kept, because a delimiter or a key may be a single space.
  const auto result = document->load_buffer(text.data(), text.size(),
                                            pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (!result || !document->document_element()) return std::nullopt;
  return XmlDocument(std::move(document));
}

XmlElement XmlDocument::root() const { return XmlElement(document_->document_element().internal_object()); }

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20U) {
          out += fmt::format("&#{};", static_cast<int>(c));
        } else {
          out += c;
        }
    }
  }
  return out;
}

}  // namespace tapster
