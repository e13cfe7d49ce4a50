#include "text/xml.h"

#include "support/catch.h"

using namespace tapster;

TEST_CASE("elements of an XML answer are found by name") {
  const auto document = XmlDocument::parse(
      "<?xml version=\"1.0\"?><List xmlns=\"http://example.com/\"><Item><Key>a&amp;b\xC3\xA9</Key></Item>"
      "<Item><Key> </Key></Item><Other Kind=\"a&lt;b\"/></List>");
  REQUIRE(document);
  const XmlElement root = document->root();
  CHECK(root.name() == "List");
  REQUIRE(root.children("Item").size() == 2);
  CHECK(root.child("Item").child("Key").text() == "a&b\xC3\xA9");
  CHECK(root.children("Item")[1].child("Key").text() == " ");
  CHECK(root.child("Other").exists());
  CHECK(root.child("Other").text().empty());
  CHECK(root.child("Other").attribute("Kind") == "a<b");
  CHECK(root.child("Other").attribute("kind").empty());
  CHECK(root.child("Missing").attribute("Kind").empty());
  CHECK_FALSE(root.child("Missing").exists());
  CHECK(root.child("Missing").child("Deeper").text().empty());
  CHECK(root.child("Missing").children("Deeper").empty());
}

TEST_CASE("what is not XML is refused") {
  for (const char* text : {"", "plain text", "<a><b></a>", "<a", "<!-- only a comment -->", "{\"json\": true}"}) {
    CHECK_FALSE(XmlDocument::parse(text));
  }
}
