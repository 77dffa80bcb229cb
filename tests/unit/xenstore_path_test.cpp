// SPDX-License-Identifier: MIT
// Paths and permissions of the xenstore: what is accepted, what is refused, how they are taken apart.
#include <doctest/doctest.h>

#include <string>

#include "xenstore/path.hpp"
#include "xenstore/permissions.hpp"

using namespace pvisor;

TEST_CASE("absolute xenstore paths are taken as they are") {
  for (const char* text : {"/", "/a", "/local/domain/1/device/vbd/51712", "/A-z_0/x@y"}) {
    const auto path = StorePath::parse(text);
    REQUIRE(path.has_value());
    CHECK(path->text() == text);
  }
}

TEST_CASE("relative xenstore paths count from the caller's home") {
  const auto path = StorePath::parse("data/x", DomainId{7});
  REQUIRE(path.has_value());
  CHECK(path->text() == "/local/domain/7/data/x");
}

TEST_CASE("malformed xenstore paths are refused") {
  using namespace std::string_literals;
  for (const std::string& text : {""s, "//"s, "/a/"s, "a/"s, "/a//b"s, "/a/../b"s, ".."s, "/a b"s, "/a\nb"s, "/a\x7f"s,
                                  "/a\0b"s, "/\xc3\xa4"s, "@introduceDomain"s, "/local/domain/"s, "/%"s}) {
    CAPTURE(text);
    CHECK_FALSE(StorePath::parse(text, DomainId{1}).has_value());
  }
}

TEST_CASE("xenstore path lengths are accepted exactly up to their limits") {
  CHECK(StorePath::parse("/" + std::string(3071, 'a')).has_value());
  CHECK_FALSE(StorePath::parse("/" + std::string(3072, 'a')).has_value());
  CHECK(StorePath::parse(std::string(2048, 'a')).has_value());
  CHECK_FALSE(StorePath::parse(std::string(2049, 'a')).has_value());
}

TEST_CASE("a xenstore path knows its parent and its leaf") {
  const StorePath path = *StorePath::parse("/a/bc");
  CHECK(path.leaf() == "bc");
  CHECK(path.parent().text() == "/a");
  CHECK(path.parent().parent().is_root());
  CHECK(StorePath::root().parent().is_root());
  CHECK(StorePath::root().leaf().empty());
  CHECK(path.child("d").text() == "/a/bc/d");
  CHECK(StorePath::root().child("d").text() == "/d");
}

TEST_CASE("a path is within its ancestors but not within a name that merely begins alike") {
  CHECK(path_is_within("/a/b", "/a"));
  CHECK(path_is_within("/a", "/a"));
  CHECK(path_is_within("/a", "/"));
  CHECK_FALSE(path_is_within("/ab", "/a"));
  CHECK_FALSE(path_is_within("/a", "/a/b"));
  CHECK_FALSE(path_is_within("@releaseDomain", "/"));
}

TEST_CASE("permission words are parsed and written in Xen's letters") {
  const auto permissions = NodePermissions::parse({"n1", "r2", "w3", "b4"});
  REQUIRE(permissions.has_value());
  CHECK(permissions->to_wire() == std::string("n1\0r2\0w3\0b4\0", 12));
  CHECK(permissions->owner() == DomainId{1});
}

TEST_CASE("malformed permission words are refused") {
  CHECK_FALSE(NodePermissions::parse({}).has_value());
  for (const char* word : {"", "r", "x1", "r-1", "r1x", "r65536", "r 1", "R1", "1"}) {
    CAPTURE(word);
    CHECK_FALSE(NodePermissions::parse({word}).has_value());
  }
}

TEST_CASE("rights follow owner, list and default in that order") {
  const NodePermissions permissions{{DomainId{1}, kRightRead}, {DomainId{2}, kRightNone}, {DomainId{3}, kRightBoth}};
  CHECK(permissions.rights_of(DomainId{0}) == (kRightBoth | kRightOwner));
  CHECK(permissions.rights_of(DomainId{1}) == (kRightBoth | kRightOwner));
  CHECK(permissions.rights_of(DomainId{2}) == kRightNone);
  CHECK(permissions.rights_of(DomainId{3}) == kRightBoth);
  CHECK(permissions.rights_of(DomainId{4}) == kRightRead);
  CHECK_FALSE(permissions.allows(DomainId{3}, kRightWrite | kRightOwner));
}

TEST_CASE("forgetting a domain drops its entries but never the owner's") {
  NodePermissions permissions{
      {DomainId{1}, kRightNone}, {DomainId{2}, kRightRead}, {DomainId{1}, kRightRead}, {DomainId{2}, kRightBoth}};
  const auto is_two = [](DomainId domain) { return domain == DomainId{2}; };
  CHECK(permissions.mentions_if(is_two));
  permissions.forget_if(is_two);
  CHECK_FALSE(permissions.mentions_if(is_two));
  permissions.forget_if([](DomainId) { return true; });
  CHECK(permissions == NodePermissions{{DomainId{1}, kRightNone}});
}
