// XML of cloud services. No other file includes pugixml.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pugi {
class xml_document;
struct xml_node_struct;
}  // namespace pugi

namespace tapster {

// An element of a document, which must outlive it. Names are compared as they are written, because the formats read
// here use default namespaces and no prefixes. An element that does not exist has no text and no children, so that a
// path can be followed without a check at every step.
class XmlElement {
 public:
  explicit XmlElement(pugi::xml_node_struct* node) : node_(node) {}
  bool exists() const noexcept { return node_ != nullptr; }
  std::string_view name() const;
  std::string text() const;                            // its own character data, unchanged
  std::string attribute(std::string_view name) const;  // empty when there is none
  XmlElement child(std::string_view name) const;       // the first of that name
  std::vector<XmlElement> children(std::string_view name) const;

 private:
  pugi::xml_node_struct* node_;
};

class XmlDocument {
 public:
  // nullopt when the text is not well-formed XML with a root element.
  static std::optional<XmlDocument> parse(std::string_view text);
  XmlDocument(XmlDocument&&) noexcept;
  XmlDocument& operator=(XmlDocument&&) noexcept;
  ~XmlDocument();
  XmlElement root() const;

 private:
  explicit XmlDocument(std::unique_ptr<pugi::xml_document> document);
  std::unique_ptr<pugi::xml_document> document_;
};

// Escapes a text for an element or an attribute: markup and control characters become references.
std::string xml_escape(std::string_view text);

}  // namespace tapster
