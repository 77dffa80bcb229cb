// SPDX-License-Identifier: MIT
// The commands of memory_op that work off a list of extents.
#pragma once

#include <cstdint>

#include "core/hypercall.hpp"

namespace pvisor {

/// The low bits of memory_op's first argument are the command; above them stands, as on Xen, the extent at which a call goes on
/// that was served in pieces. A guest begins with 0, but may write there what it likes.
inline constexpr std::uint64_t kMemoryCommandBits = 6;
inline constexpr std::uint64_t kMemoryCommandMask = (1U << kMemoryCommandBits) - 1;

/// decrease_reservation and populate_physmap, from extent `first` on: the number of extents done, 0 also for a bad argument.
HypercallResult memory_decrease_reservation(HypercallContext& ctx, std::uint64_t first);
HypercallResult memory_populate_physmap(HypercallContext& ctx, std::uint64_t first);

}  // namespace pvisor
