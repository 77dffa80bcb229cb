// SPDX-License-Identifier: MIT
// The fiber engine's vCPU: a FiberVcpu, its small stack and the Boost.Context handle that continues it.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <memory>

#include "base/mapping.hpp"
#include "engine/engine.hpp"
#include "engine/fiber/address_space.hpp"
#include "engine/fiber/switch_raw.hpp"
#include "engine/fiber/vcpu_raw.hpp"

namespace pvisor::fiber {

class FiberVcpuContext final : public NoOwnPaging {
 public:
  FiberVcpuContext(const FiberAddressSpace& space, const VcpuStart& start);
  ~FiberVcpuContext() override;
  FiberVcpuContext(const FiberVcpuContext&) = delete;
  FiberVcpuContext& operator=(const FiberVcpuContext&) = delete;

  void run(std::optional<std::int64_t> result, RunBudget budget, ExitHandler& handler) override;
  [[nodiscard]] const Exit* take_exit() override { return nullptr; }
  void kick() override {}  // the guest only runs inside run(), on this thread
  bool stop() override { return true; }
  void set_vcpu_info(std::uint64_t address) override;
  [[nodiscard]] pv_cpu_user_regs registers() const override;

  // For the way out of the guest (fiber_remote).
  [[nodiscard]] const Exit& exit_reason();
  /// Lets the one that `answer` names run, or run() return, and comes back when `from` is named; `from` is nullptr if it is
  /// gone, and then this never returns.
  static std::int64_t hand_over(FiberVcpuContext* from, ExitHandler::Answer answer);

 private:
  Mapping memory_;  ///< guard page, stack, FiberVcpu, vector state
  FiberVcpu* vcpu_ = nullptr;
  StackRange stack_;
  boost::context::detail::fcontext_t context_ = nullptr;
  Exit exit_;
};

}  // namespace pvisor::fiber
