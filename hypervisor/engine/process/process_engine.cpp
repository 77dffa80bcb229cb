// SPDX-License-Identifier: MIT
#include "engine/process/process_engine.hpp"

#include "base/host_error.hpp"
#include "engine/process/address_space.hpp"
#include "engine/process/processes.hpp"
#include "engine/process/vcpu_area.hpp"
#include "engine/process/vcpu_context.hpp"

namespace pvisor::process {

namespace {

class ProcessEngine final : public Engine {
 public:
  [[nodiscard]] const EngineTraits& traits() const override {
    static constexpr EngineTraits kTraits{
        .name = "process",
        .isolates_memory = true,
        .preempts = true,
        .many_vcpus = true,
        .guest_fs = true,
        .asynchronous = true,
        .window_low = kGuestLow,
        .window_high = kGuestHigh,
    };
    return kTraits;
  }
  [[nodiscard]] std::unique_ptr<AddressSpace> create_address_space(const AddressSpaceSpec& spec) override {
    return std::make_unique<ProcessAddressSpace>(spec);
  }
  [[nodiscard]] std::unique_ptr<VcpuContext> create_vcpu(AddressSpace& space, const VcpuStart& start) override {
    return std::make_unique<ProcessVcpu>(processes_, static_cast<ProcessAddressSpace&>(space), start);
  }
  [[nodiscard]] std::span<const int> wait_fds() const override { return processes_.wait_fds(); }
  void serve(int fd) override { processes_.serve(fd); }
  [[nodiscard]] bool has_exits() const override { return processes_.has_exits(); }
  [[nodiscard]] bool has_exits_soon() const override { return processes_.has_exits_soon(); }
  void set_sleeping(bool asleep) override { processes_.set_sleeping(asleep); }

 private:
  VcpuProcesses processes_;
};

}  // namespace

std::unique_ptr<Engine> make_process_engine(const EngineOptions&) { return std::make_unique<ProcessEngine>(); }

}  // namespace pvisor::process
