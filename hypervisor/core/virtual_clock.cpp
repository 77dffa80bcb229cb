// SPDX-License-Identifier: MIT
#include "core/virtual_clock.hpp"

#include "core/monitor.hpp"

namespace pvisor {

void run_virtual(Monitor& monitor, VirtualClock& clock) {
  for (;;) {
    if (monitor.turn()) continue;
    const auto deadline = monitor.next_deadline();
    if (!deadline) return;
    clock.jump_to(*deadline);
  }
}

}  // namespace pvisor
