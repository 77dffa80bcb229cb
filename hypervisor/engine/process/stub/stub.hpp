// SPDX-License-Identifier: MIT
// Between the stub's own files.
#pragma once

#include "engine/process/vcpu_area.hpp"

#pragma GCC visibility push(hidden)  // in this program: no table of addresses is needed to reach them
extern "C" {
extern pvisor::process::VcpuArea vcpu_area;  ///< at kAreaAddress, by the linker

// In entry.S.
extern const char stub_exit[], stub_exit_end[];
extern const char stub_home_top[];
void stub_restore();

// By the linker: the stub's code.
extern const char stub_text[], stub_text_end[];
}
#pragma GCC visibility pop

namespace pvisor::process {

/// Tells the monitor what `kind` says with the rest of the hand-off filled in, sleeps until it is answered, and maps what the answer
/// brings. Answers the result.
int64_t hand_over(uint32_t kind);
/// The first turn: waits until the monitor lets the vCPU run.
void wait_for_first_turn();
/// Tells the monitor that set-up failed, for ever.
[[noreturn]] void give_up(SetupStep step, int64_t error);
/// Handlers of all signals, on a stack of their own. -errno.
int64_t install_signals();
/// FS or GS.
void load_segment_base(bool fs, uint64_t base);

}  // namespace pvisor::process
