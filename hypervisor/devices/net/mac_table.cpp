// SPDX-License-Identifier: MIT
#include "devices/net/mac_table.hpp"

namespace pvisor {

bool MacTable::add_port(PortNumber port, const MacAddress& mac) {
  const auto found = entries_.find(mac.number());
  if (found != entries_.end() && found->second.is_own) return false;
  if (found != entries_.end()) forget(found);
  entries_.emplace(mac.number(), Entry{port, true, 0, 0});
  learnt_.emplace(port, std::make_unique<Learnt>());
  return true;
}

void MacTable::remove_port(PortNumber port) {
  std::erase_if(entries_, [port](const auto& entry) { return entry.second.port == port; });
  learnt_.erase(port);
}

bool MacTable::learn(PortNumber port, const MacAddress& mac, std::uint64_t now_ns) {
  const std::uint64_t number = mac.number();
  const auto found = entries_.find(number);
  if (found != entries_.end()) {
    Entry& entry = found->second;
    if (entry.is_own) return entry.port == port;
    if (entry.port == port) {
      entry.seen_ns = now_ns;
      return true;
    }
    forget(found);  // it has moved
  }
  Learnt& learnt = *learnt_.at(port);
  std::optional<std::uint64_t>& place = learnt.addresses[learnt.next];
  if (place) entries_.erase(*place);
  place = number;
  entries_.emplace(number, Entry{port, false, now_ns, learnt.next});
  learnt.next = (learnt.next + 1) % kLearntPerPort;
  return true;
}

std::optional<MacTable::PortNumber> MacTable::find(const MacAddress& mac, std::uint64_t now_ns) const {
  const auto found = entries_.find(mac.number());
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  if (!entry.is_own && now_ns - entry.seen_ns > kForgetNs) return std::nullopt;
  return entry.port;
}

/// Of a learnt one.
void MacTable::forget(std::unordered_map<std::uint64_t, Entry>::iterator entry) {
  learnt_.at(entry->second.port)->addresses[entry->second.place].reset();
  entries_.erase(entry);
}

}  // namespace pvisor
