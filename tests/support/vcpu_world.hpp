// SPDX-License-Identifier: MIT
// VcpuWorld: a FakeWorld with one domain of several vCPUs, for tests of what they do to each other.
//
//   VcpuWorld world;                                         // two vCPUs, the second down
//   world.start(1);
//   CHECK(world.vcpu_op(PV_VCPUOP_IS_UP, 1) == 1);
#pragma once

#include <pvabi/cpu.h>
#include <pvabi/hypercalls.h>
#include <pvabi/vcpu.h>

#include "support/fake_engine_world.hpp"

namespace pvisor {

struct VcpuWorld : FakeWorld {
  explicit VcpuWorld(FakeEngine::Form form = FakeEngine::Form::Synchronous, std::uint32_t vcpus = 2)
      : FakeWorld(form), domain(add_domain(kRamPages, vcpus)) {}

  std::int64_t vcpu_op(std::uint32_t command, std::uint64_t vcpu, std::uint64_t argument = 0, VcpuId caller = VcpuId{0}) {
    return call(domain, PV_HC_VCPU_OP, {command, vcpu, argument}, caller);
  }
  /// With a struct as the argument.
  template <class T>
  std::int64_t vcpu_op(std::uint32_t command, std::uint64_t vcpu, const T& argument, VcpuId caller = VcpuId{0}) {
    return vcpu_op(command, vcpu, put(domain, argument), caller);
  }

  /// What a kernel asks for at least.
  [[nodiscard]] static pv_vcpu_guest_context context() {
    pv_vcpu_guest_context context{};
    context.flags = PV_VGCF_IN_KERNEL;
    context.user_regs.rip = 0x1000;
    context.user_regs.rsp = 0x2000;
    return context;
  }
  std::int64_t initialise(std::uint64_t vcpu, const pv_vcpu_guest_context& with) {
    const std::uint64_t at = address(domain, GuestFrame{4});  // two pages
    PV_CHECK(domain.memory().write(GuestVirt{at}, with));
    return vcpu_op(PV_VCPUOP_INITIALISE, vcpu, at);
  }
  void start(std::uint64_t vcpu) {
    PV_CHECK(initialise(vcpu, context()) == 0);
    PV_CHECK(vcpu_op(PV_VCPUOP_UP, vcpu) == 0);
  }

  Domain& domain;
};

}  // namespace pvisor
