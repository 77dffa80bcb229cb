// SPDX-License-Identifier: MIT
// MacTable: behind which port of a switch an address is. Addresses that a port was given are its own for ever; others are learnt
// from what comes through it, a bounded number for each port, and forgotten after a while.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "devices/net/mac_address.hpp"

namespace pvisor {

class MacTable {
 public:
  using PortNumber = std::uint32_t;
  /// Learnt of one port; the next takes the place of the oldest, so that a flood of addresses costs only who sends it.
  static constexpr std::size_t kLearntPerPort = 256;
  /// After which an address that has not been seen again is unknown.
  static constexpr std::uint64_t kForgetNs = 300'000'000'000;

  /// `mac` is the port's own. False: it is already another's own.
  [[nodiscard]] bool add_port(PortNumber port, const MacAddress& mac);
  void remove_port(PortNumber port);

  /// A frame from this address came through the port. False: it is another port's own address.
  [[nodiscard]] bool learn(PortNumber port, const MacAddress& mac, std::uint64_t now_ns);
  [[nodiscard]] std::optional<PortNumber> find(const MacAddress& mac, std::uint64_t now_ns) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    PortNumber port;
    bool is_own;
    std::uint64_t seen_ns;
    std::size_t place;  ///< in the port's list, if learnt
  };
  struct Learnt {
    std::array<std::optional<std::uint64_t>, kLearntPerPort> addresses;
    std::size_t next = 0;
  };
  void forget(std::unordered_map<std::uint64_t, Entry>::iterator entry);

  std::unordered_map<std::uint64_t, Entry> entries_;  ///< by the address as a number
  std::unordered_map<PortNumber, std::unique_ptr<Learnt>> learnt_;
};

}  // namespace pvisor
