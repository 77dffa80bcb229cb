// SPDX-License-Identifier: MIT
// The seccomp filters of a vCPU's process, as data. Who may call is told by the instruction: outside of the stub's gate every
// system call is a trap, which the stub makes a hypercall of. That is dispatch, not security, for the guest can jump to the gate; so
// at the gate each call is safe for any caller.
#pragma once

#include <cstdint>
#include <vector>

#include <linux/filter.h>

namespace pvisor::process {

struct FilterSpec {
  std::uint64_t gate_return = 0;      ///< address behind the gate's `syscall`
  std::uint64_t window_low = 0;       ///< the guest's addresses, within which it may map its own memory
  std::uint64_t window_high = 0;
  bool sets_segment_bases = false;    ///< by system call, where programs may not do it themselves
};

/// The filter proper, which the stub installs on itself.
[[nodiscard]] std::vector<sock_filter> make_gate_filter(const FilterSpec& spec);
/// Installed before it, with a listener: passes the stub's question for a page to the monitor and all else on.
[[nodiscard]] std::vector<sock_filter> make_question_filter();

}  // namespace pvisor::process
