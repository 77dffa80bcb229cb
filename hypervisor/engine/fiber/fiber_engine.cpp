// SPDX-License-Identifier: MIT
#include "engine/fiber/fiber_engine.hpp"

#include <optional>

#include "engine/fiber/address_space.hpp"
#include "engine/fiber/vcpu_context.hpp"
#include "engine/fiber/vcpu_raw.hpp"
#include "engine/fiber/virtual_time.hpp"

namespace pvisor::fiber {

namespace {

class FiberEngine final : public Engine {
 public:
  explicit FiberEngine(const EngineOptions& options) {
    prepare_thread();
    if (options.virtual_ns != nullptr) virtual_time_.emplace(options.virtual_ns);
  }
  [[nodiscard]] const EngineTraits& traits() const override {
    static constexpr EngineTraits kTraits{
        .name = "fiber",
        .preempts = true,
        .many_vcpus = true,
        .deterministic = true,
        .window_low = 0x10000,
        .window_high = 0x7fff'ffff'f000,
    };
    return kTraits;
  }
  [[nodiscard]] std::unique_ptr<AddressSpace> create_address_space(const AddressSpaceSpec& spec) override {
    if (!virtual_time_) return std::make_unique<FiberAddressSpace>(spec);
    auto space = std::make_unique<FiberAddressSpace>(spec, virtual_time_->next_place());
    virtual_time_->taken(space->ram());
    return space;
  }
  [[nodiscard]] std::unique_ptr<VcpuContext> create_vcpu(AddressSpace& space, const VcpuStart& start) override {
    return std::make_unique<FiberVcpuContext>(static_cast<FiberAddressSpace&>(space), start);
  }

 private:
  std::optional<VirtualTime> virtual_time_;  ///< in deterministic runs
};

}  // namespace

std::unique_ptr<Engine> make_fiber_engine(const EngineOptions& options) { return std::make_unique<FiberEngine>(options); }

}  // namespace pvisor::fiber
