// SPDX-License-Identifier: MIT
// The process engine: each vCPU is a sandboxed process of the host, whose kernel contains it. Nothing is needed but Linux: no
// virtualization hardware, no root, no module. Guests may be hostile.
//
// How a run works:
//   1. run() writes the answer to the vCPU's last call into the memory shared with its process (VcpuArea), passes it the turn and wakes it if
//      it sleeps;
//   2. the stub in the process maps what its memory shows anew, delivers an event if one is due, and the guest goes on, natively;
//   3. the hypercall page leads to stub_entry, which saves the registers and calls the shim;
//   4. what the shim cannot answer goes into the hand-off, and the turn back to the monitor, whose poll sees it or whose sleep the doorbell
//      ends; take_exit() reads it once and checks it.
// Faults and stray `syscall` instructions of the guest are signals in its process, handled there by the same shim (stub/signals.cpp).
// A kick is a signal, too. Two seccomp filters see to it that nothing else than the stub's few calls is ever answered by the host kernel
// (filter.hpp), whoever makes them.
#pragma once

#include <memory>
#include <vector>

#include "engine/engine.hpp"
#include "engine/probe.hpp"

namespace pvisor::process {

[[nodiscard]] std::unique_ptr<Engine> make_process_engine(const EngineOptions& options);
/// What of the host it uses, and what is there.
[[nodiscard]] std::vector<Finding> probe_process_engine();

}  // namespace pvisor::process
