// SPDX-License-Identifier: MIT
#include "support/fake_engine_world.hpp"

#include <utility>

namespace pvisor {

DomainImage make_fake_image(Engine& engine, std::uint64_t ram_pages, std::uint32_t vcpus) {
  DomainImage image;
  image.space = engine.create_address_space({ram_pages, kSpecialFrames, std::nullopt});
  image.ram_pages = ram_pages;
  image.start_info = GuestFrame{ram_pages - 4};
  image.xenstore = GuestFrame{ram_pages - 3};
  image.console = GuestFrame{ram_pages - 2};
  image.shared_info = GuestFrame{ram_pages};
  image.grant_frames = GuestFrame{ram_pages + 1};
  image.vcpus = vcpus;
  image.boot_vcpu.vcpu_info = image.space->virt_base() + ram_pages * kPageSize;
  return image;
}

Domain& FakeWorld::add_domain(std::uint64_t ram_pages, std::uint32_t vcpus) {
  Domain& domain = monitor.create_domain("fake", engine);
  domain.install(make_fake_image(engine, ram_pages, vcpus));
  return domain;
}

std::int64_t FakeWorld::call(Domain& domain, std::uint64_t number, std::array<std::uint64_t, 5> args, VcpuId id) {
  Vcpu& vcpu = *domain.vcpu(id);
  pieces = 1;
  HypercallResult result = dispatch_hypercall(monitor, vcpu, HypercallExit{number, args});
  for (; result.kind == HypercallResult::Kind::Again; ++pieces) {
    result = dispatch_hypercall(monitor, vcpu, *std::exchange(vcpu.unfinished, std::nullopt));
  }
  return result.value;
}

}  // namespace pvisor
