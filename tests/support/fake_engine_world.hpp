// SPDX-License-Identifier: MIT
// FakeWorld: a monitor with a fake clock and a fake engine, and domains ready for calls, for tests of hypercall handlers.
//
//   FakeWorld world;
//   Domain& domain = world.add_domain();
//   const std::uint64_t at = world.put(domain, pv_evtchn_close{7});              // an argument in guest memory
//   CHECK(world.call(domain, PV_HC_EVENT_CHANNEL_OP, {PV_EVTCHNOP_CLOSE, at}) == -PV_EINVAL);
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/domain.hpp"
#include "core/hypercall.hpp"
#include "core/monitor.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_engine.hpp"

namespace pvisor {

/// Builds nothing, keeps what guests print.
class FakeHooks final : public MonitorHooks {
 public:
  [[nodiscard]] std::optional<DomainImage> build_chainload(Domain&, const ChainloadRequest&, std::string& reason) override {
    reason = "no builder in this test";
    return std::nullopt;
  }
  [[nodiscard]] std::string crash_report(Domain&, const Vcpu& vcpu, const std::string& reason) override {
    return "report: vCPU " + std::to_string(vcpu.id.value()) + ": " + reason;
  }
  void console_io_write(Domain&, std::string_view text) override { printed += text; }
  std::string printed;
};

/// An empty image of `ram_pages` pages on `engine`.
[[nodiscard]] DomainImage make_fake_image(Engine& engine, std::uint64_t ram_pages, std::uint32_t vcpus = 1);

class FakeWorld {
 public:
  static constexpr std::uint64_t kRamPages = 16;
  /// Where put() writes: a page that no test uses for anything else.
  static constexpr GuestFrame kArguments{1};

  explicit FakeWorld(FakeEngine::Form form = FakeEngine::Form::Synchronous) : engine(form), monitor(clock, hooks) {}

  Domain& add_domain(std::uint64_t ram_pages = kRamPages, std::uint32_t vcpus = 1);
  /// Makes the call as a vCPU of `domain` and answers what the guest would see in rax.
  std::int64_t call(Domain& domain, std::uint64_t number, std::array<std::uint64_t, 5> args, VcpuId vcpu = VcpuId{0});

  [[nodiscard]] static std::uint64_t address(const Domain& domain, GuestFrame frame, std::uint64_t offset = 0) {
    return domain.memory().virt_base().value() + frame.value() * kPageSize + offset;
  }
  /// Writes `value` at the argument page and answers its guest address.
  template <class T>
  std::uint64_t put(Domain& domain, const T& value, std::uint64_t offset = 0) {
    const std::uint64_t at = address(domain, kArguments, offset);
    PV_CHECK(domain.memory().write(GuestVirt{at}, value));
    return at;
  }
  template <class T>
  [[nodiscard]] static T get(const Domain& domain, std::uint64_t at) {
    return domain.memory().read<T>(GuestVirt{at}).value();
  }
  /// First address behind all of the domain's memory.
  [[nodiscard]] static std::uint64_t end_of(const Domain& domain) {
    return domain.memory().virt_base().value() + domain.memory().total_pages() * kPageSize;
  }
  [[nodiscard]] static FakeAddressSpace& space(Domain& domain) {
    return dynamic_cast<FakeAddressSpace&>(*domain.image().space);
  }

  std::uint64_t pieces = 0;  ///< in how many the last call was served
  FakeClock clock;
  FakeHooks hooks;
  FakeEngine engine;
  Monitor monitor;
};

}  // namespace pvisor
