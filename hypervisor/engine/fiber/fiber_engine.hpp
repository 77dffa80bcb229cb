// SPDX-License-Identifier: MIT
// The fiber engine: a guest is a Boost.Context fiber inside the monitor. Nothing is needed of the host, and nothing of the
// guest is contained: for code you trust, even if it is buggy.
//
// How a run works:
//   1. run() makes the vCPU current for this thread and jumps to its fiber, which waits on the vCPU's own small stack;
//   2. the exit path (entry.S) restores the guest's registers and the guest runs on its own stack, in its own RAM, which is
//      mapped at the address the engine chose;
//   3. the hypercall page leads to fiber_entry, which saves the registers, moves to the vCPU's stack and calls the shim;
//   4. what the shim cannot answer goes back to the monitor: run() passes it to the caller as an Exit, and begins again at 2
//      until the caller says stop.
// Faults, raw `syscall` instructions and the preemption tick arrive as signals on an alternate stack; the handler copies the
// guest's registers and whole vector state to the vCPU, points the signal frame at fiber_landing and returns (signals.cpp).
// It never switches stacks itself.
//
// The dispatch selector is the one truth about who runs: kBlock from the exit path until the entry, kAllow otherwise. With
// Syscall User Dispatch the kernel reads the same byte, so a stray `syscall` of the guest becomes a signal.
//
// Deterministic runs (EngineOptions, virtual_time.hpp): no tick; rdtsc faults and is answered with virtual time; guests lie at
// addresses that depend on their order alone.
#pragma once

#include <memory>
#include <vector>

#include "engine/engine.hpp"
#include "engine/probe.hpp"

namespace pvisor::fiber {

[[nodiscard]] std::unique_ptr<Engine> make_fiber_engine(const EngineOptions& options);
/// What of the host it uses, and what is there.
[[nodiscard]] std::vector<Finding> probe_fiber_engine();

}  // namespace pvisor::fiber
