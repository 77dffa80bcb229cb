// SPDX-License-Identifier: MIT
#include "engine/fiber/fiber_engine.hpp"

#include "engine/fiber/address_space.hpp"
#include "engine/fiber/vcpu_context.hpp"
#include "engine/fiber/vcpu_raw.hpp"

namespace pvisor::fiber {

namespace {

class FiberEngine final : public Engine {
 public:
  FiberEngine() { prepare_thread(); }
  [[nodiscard]] const EngineTraits& traits() const override {
    static constexpr EngineTraits kTraits{
        .name = "fiber",
        .preempts = true,
        .many_vcpus = true,
        .window_low = 0x10000,
        .window_high = 0x7fff'ffff'f000,
    };
    return kTraits;
  }
  [[nodiscard]] std::unique_ptr<AddressSpace> create_address_space(const AddressSpaceSpec& spec) override {
    return std::make_unique<FiberAddressSpace>(spec);
  }
  [[nodiscard]] std::unique_ptr<VcpuContext> create_vcpu(AddressSpace& space, const VcpuStart& start) override {
    return std::make_unique<FiberVcpuContext>(static_cast<FiberAddressSpace&>(space), start);
  }
  [[nodiscard]] int exit_fd() const override { return -1; }
};

}  // namespace

std::unique_ptr<Engine> make_fiber_engine() { return std::make_unique<FiberEngine>(); }

}  // namespace pvisor::fiber
