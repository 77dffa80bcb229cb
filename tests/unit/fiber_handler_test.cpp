// SPDX-License-Identifier: MIT
// The fiber engine's promise to who handles its exits: the handler runs on the vCPU's stack, and may throw and use that stack
// all the same. A program of its own, because running a guest installs signal handlers.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include <pvabi/hypercalls.h>

#include "engine/fiber/fiber_engine.hpp"

using namespace pvisor;

namespace {

/// Frame 0: the hypercall page. Frame 1: a guest that makes one call after another. Frame 2: its stack. Frame 3: shared_info.
class CallingGuest {
 public:
  CallingGuest() {
    std::byte* memory = space_->ram()->bytes().data();
    space_->fill_hypercall_page(std::span<std::byte, kPage>(memory, kPage));
    const std::uint64_t slot = space_->virt_base() + PV_HC_NOP * PV_HYPERCALL_STUB_SIZE;
    unsigned char code[] = {0x48, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0,  // mov $slot, %rbx
                            0xff, 0xd3, 0xeb, 0xfc};             // again: call *%rbx; jmp again
    std::memcpy(code + 2, &slot, sizeof slot);
    std::memcpy(memory + kPage, code, sizeof code);
    VcpuStart start;
    start.context.user_regs.rip = space_->virt_base() + kPage;
    start.context.user_regs.rsp = space_->virt_base() + 3 * kPage;
    start.vcpu_info = space_->virt_base() + 3 * kPage;
    start.hypercall_page = space_->virt_base();
    vcpu_ = engine_->create_vcpu(*space_, start);
  }

  /// Runs it until `on_call` answers false.
  void run(std::function<bool()> on_call) {
    struct Handler final : ExitHandler {
      Answer on_exit(const Exit& exit) override {
        REQUIRE(std::holds_alternative<HypercallExit>(exit));
        return {on_call() ? vcpu : nullptr, 0};
      }
      std::function<bool()> on_call;
      VcpuContext* vcpu = nullptr;
    } handler;
    handler.on_call = std::move(on_call);
    handler.vcpu = vcpu_.get();
    vcpu_->run(std::nullopt, {}, handler);
  }

 private:
  static constexpr std::size_t kPage = 4096;
  std::unique_ptr<Engine> engine_ = fiber::make_fiber_engine({});
  std::unique_ptr<AddressSpace> space_ = engine_->create_address_space({.ram_pages = 4, .special_pages = 0, .fixed_base = {}});
  std::unique_ptr<VcpuContext> vcpu_;
};

/// Touches a page of each of the frames that it piles up.
[[gnu::noinline]] std::size_t use_stack(std::size_t bytes) {
  constexpr std::size_t kFrame = 4096;
  volatile std::byte room[kFrame - 128];
  room[0] = std::byte{1};
  const std::size_t below = bytes > kFrame ? use_stack(bytes - kFrame) : 0;
  return below + std::to_integer<std::size_t>(room[0]);
}

}  // namespace

TEST_CASE("what the handler of an exit throws comes out of run") {
  CallingGuest guest;
  int calls = 0;
  CHECK_THROWS_WITH_AS(guest.run([&calls]() -> bool {
    if (++calls == 3) throw std::runtime_error("the host is full");
    return true;
  }), "the host is full", std::runtime_error);
  CHECK(calls == 3);

  CallingGuest another;  // nothing is left of it
  another.run([] { return false; });
}

TEST_CASE("the handler of an exit has the stack that it was promised") {
  CallingGuest guest;
  std::size_t frames = 0;
  guest.run([&frames] {
    frames = use_stack(ExitHandler::kStackBytes);
    return false;
  });
  CHECK(frames >= ExitHandler::kStackBytes / 4096);
}
