// SPDX-License-Identifier: MIT
// NodePermissions: letters, numbers and the answer to "may it?".
#include "xenstore/permissions.hpp"

#include <charconv>

namespace pvisor {
namespace {

constexpr std::string_view kLetters = "nrwb";  // index is the rights' bits

std::optional<NodePermission> parse_word(std::string_view word) {
  if (word.size() < 2) return std::nullopt;
  const std::size_t rights = kLetters.find(word.front());
  if (rights == std::string_view::npos) return std::nullopt;
  std::uint16_t domain = 0;
  const char* const end = word.data() + word.size();
  const auto [rest, error] = std::from_chars(word.data() + 1, end, domain);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return NodePermission{DomainId{domain}, static_cast<NodeRights>(rights)};
}

}  // namespace

std::optional<NodePermissions> NodePermissions::parse(const std::vector<std::string_view>& words) {
  if (words.empty()) return std::nullopt;
  NodePermissions permissions;
  permissions.entries_.clear();
  for (const std::string_view word : words) {
    const auto entry = parse_word(word);
    if (!entry) return std::nullopt;
    permissions.entries_.push_back(*entry);
  }
  return permissions;
}

std::string NodePermissions::to_wire() const {
  std::string wire;
  for (const NodePermission& entry : entries_) {
    wire += kLetters[entry.rights & kRightBoth];
    wire += std::to_string(entry.domain.value());
    wire += '\0';
  }
  return wire;
}

NodeRights NodePermissions::rights_of(DomainId domain) const {
  if (domain == kMonitorDomain || domain == owner()) return kRightBoth | kRightOwner;
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    if (entries_[i].domain == domain) return entries_[i].rights;
  }
  return entries_.front().rights;
}

}  // namespace pvisor
