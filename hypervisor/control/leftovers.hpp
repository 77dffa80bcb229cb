// SPDX-License-Identifier: MIT
// Leftovers: what must be nothing once all domains are gone. With PVISOR_CHECK_LEFTOVERS=1 in the environment, as all guest
// tests have it, pvisor looks, tells, and ends with status 125 if something is left.
#pragma once

#include <dirent.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.hpp"

namespace pvisor {

/// Whether the environment asks for it.
[[nodiscard]] bool must_check_leftovers();
/// The descriptors that this process has open. The folder that lists them is kept open, for later the monitor can open none.
class OpenDescriptors {
 public:
  OpenDescriptors();
  /// This object's own among them.
  [[nodiscard]] std::size_t count() const;

 private:
  std::unique_ptr<DIR, int (*)(DIR*)> folder_;
};

/// The memory of all guests there were.
class RamRoll {
 public:
  void note(std::weak_ptr<const Ram> ram) { rams_.push_back(std::move(ram)); }
  /// How many still live.
  [[nodiscard]] std::size_t alive() const;

 private:
  std::vector<std::weak_ptr<const Ram>> rams_;
};

struct Leftovers {
  std::size_t guest_memories = 0;  ///< and with them frames and pins
  std::size_t ring_pages = 0;      ///< rings, and with them grants and ports, of connected devices
  std::size_t requests = 0;        ///< block I/O under way
  std::size_t store_nodes = 0;     ///< homes and back-end folders of domains that are gone
  std::size_t store_watches = 0;
  std::size_t vcpus = 0;           ///< waiting for their turn
  std::size_t timers = 0;
  std::size_t descriptors = 0;     ///< more than at the start

  /// "2 guest memories, 1 descriptors"; empty if nothing is left.
  [[nodiscard]] std::string text() const;
};

}  // namespace pvisor
