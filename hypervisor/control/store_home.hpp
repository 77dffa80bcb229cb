// SPDX-License-Identifier: MIT
// StoreHome: the nodes that a domain finds in xenstore, as Xen's toolstack makes them. A device, so that they are as new after
// a chain-load. It comes behind the xenstore service and before all other devices.
//
// Permissions as with xl, with one addition: every domain may list /local/domain and read the names in it, so that guests
// find each other. A guest reads its own home and writes below data and control/shutdown; back ends add device/*.
#pragma once

#include <cstdint>

#include "core/device.hpp"
#include "xenstore/store.hpp"

namespace pvisor {

class StoreHome final : public DomainDevice {
 public:
  /// Precondition: the store outlives it.
  /// `is_interactive`: somebody can type at its console.
  StoreHome(Store& store, std::uint64_t memory_mib, bool is_interactive)
      : store_(store), memory_mib_(memory_mib), is_interactive_(is_interactive) {}

  void attach(Domain& domain) override;
  void detach() override {}

 private:
  Store& store_;
  std::uint64_t memory_mib_;
  bool is_interactive_;
};

}  // namespace pvisor
