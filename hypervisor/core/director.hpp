// SPDX-License-Identifier: MIT
// Director: who decides what the core leaves open, and hears of everything that happens, so that a run can be repeated. The
// monitor has none in ordinary runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/ids.hpp"
#include "engine/exit.hpp"

namespace pvisor {

class Director {
 public:
  virtual ~Director() = default;
  /// Which of `count` runnable vCPUs, in the order of the queue, runs next. Precondition: count > 0.
  [[nodiscard]] virtual std::size_t pick(std::size_t count) = 0;
  /// After how many calls its turn ends, 1 to `most`.
  [[nodiscard]] virtual std::uint32_t slice_calls(std::uint32_t most) = 0;
  /// A vCPU stopped for this reason, which is acted on next.
  virtual void exited(DomainId domain, VcpuId vcpu, const Exit& exit) = 0;
  /// An event is raised for this vCPU.
  virtual void raised(DomainId domain, Port port, VcpuId vcpu) = 0;
};

}  // namespace pvisor
