// SPDX-License-Identifier: MIT
// The commands of vcpu_op that have files of their own. args[2] of the call is their argument; `vcpu` exists.
#pragma once

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"

namespace pvisor {

// vcpu_timers.cpp
[[nodiscard]] std::int64_t vcpu_set_periodic_timer(HypercallContext& ctx, Vcpu& vcpu);
[[nodiscard]] std::int64_t vcpu_set_singleshot_timer(HypercallContext& ctx, Vcpu& vcpu);
[[nodiscard]] std::int64_t vcpu_stop_singleshot_timer(HypercallContext& ctx, Vcpu& vcpu);

// vcpu_areas.cpp
[[nodiscard]] std::int64_t vcpu_get_runstate_info(HypercallContext& ctx, Vcpu& vcpu);
[[nodiscard]] std::int64_t vcpu_register_runstate_memory_area(HypercallContext& ctx, Vcpu& vcpu);
[[nodiscard]] std::int64_t vcpu_register_vcpu_time_memory_area(HypercallContext& ctx, Vcpu& vcpu);
[[nodiscard]] std::int64_t vcpu_register_vcpu_info(HypercallContext& ctx, Vcpu& vcpu);

}  // namespace pvisor
