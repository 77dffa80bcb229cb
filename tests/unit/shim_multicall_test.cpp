// SPDX-License-Identifier: MIT
// multicall as far as no monitor is needed: what is written to the list, where it stops, and how it comes back after an event.
#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <memory>

#include <pvabi/errno.h>
#include <pvabi/hypercalls.h>
#include <pvabi/multicall.h>
#include <pvabi/shared_info.h>
#include <pvabi/xen_version.h>

#include "shim/shim.hpp"

using namespace pvisor::shim;

namespace {

constexpr std::uint64_t kVersion = 4 << 16 | 17;
constexpr std::uint64_t kUnanswered = 0x5555;
constexpr std::uint64_t kHypercallPage = 0x7000;

struct Guest {
  Guest() {
    page->window_base = reinterpret_cast<std::uint64_t>(list.data());
    page->window_bytes = sizeof list;
    page->vcpu_info = reinterpret_cast<std::uint64_t>(&info);
    page->hypercall_page = kHypercallPage;
    page->kernel_mode = 1;
    list.fill({PV_HC_XEN_VERSION, kUnanswered, {PV_XENVER_VERSION}});
  }
  /// What is in rax afterwards.
  [[nodiscard]] std::int64_t multicall(std::uint64_t count) const {
    page->frame.rax = PV_HC_MULTICALL;
    page->frame.rdi = page->window_base;
    page->frame.rsi = count;
    page->return_kind = kReturnFast;
    CHECK_FALSE(shim_hypercall(page.get()));
    return static_cast<std::int64_t>(page->frame.rax);
  }
  [[nodiscard]] std::size_t answered() const {
    std::size_t count = 0;
    for (const pv_multicall_entry& entry : list) count += entry.result != kUnanswered;
    return count;
  }

  std::array<pv_multicall_entry, 8> list{};
  pv_vcpu_info info{};
  std::unique_ptr<VcpuPage> page = std::make_unique<VcpuPage>();
};

}  // namespace

TEST_CASE("A multicall answers as many entries as it is told, and its count is 32 bits wide") {
  for (const std::uint64_t count : {0ULL, 1ULL, 3ULL, 8ULL}) {
    const Guest guest;
    CHECK(guest.multicall(0xdead'beef'0000'0000 | count) == 0);
    CHECK(guest.answered() == count);
    if (count != 0) CHECK(guest.list[count - 1].result == kVersion);
  }
}

TEST_CASE("A multicall that runs into a hole has done what lies before it") {
  for (const std::uint64_t count : {9ULL, 1ULL << 31, 0xffff'ffffULL}) {
    const Guest guest;
    CHECK(guest.multicall(count) == -PV_EFAULT);
    CHECK(guest.answered() == 8);
  }
  Guest nowhere;
  nowhere.page->window_base += sizeof nowhere.list;
  CHECK(nowhere.multicall(1) == 0);  // rdi is the window's base
  nowhere.page->window_bytes = sizeof(pv_multicall_entry) - 1;
  CHECK(nowhere.multicall(1) == -PV_EFAULT);
}

TEST_CASE("A multicall within a multicall is refused, and the list goes on") {
  Guest guest;
  guest.list[1].op = PV_HC_MULTICALL;
  CHECK(guest.multicall(3) == 0);
  CHECK(static_cast<std::int64_t>(guest.list[1].result) == -PV_EINVAL);
  CHECK(guest.list[2].result == kVersion);
}

TEST_CASE("iret in a multicall ends it with the registers of its frame") {
  Guest guest;
  pv_iret_context context{};
  context.rax = 77;
  context.rip = 0x1234;
  context.cs = PV_FLAT_KERNEL_CS & ~3U;
  std::memcpy(&guest.list[4], &context, sizeof context);
  guest.page->frame.rsp = reinterpret_cast<std::uint64_t>(&guest.list[4]);
  guest.list[1].op = PV_HC_IRET;
  CHECK(guest.multicall(3) == 77);
  CHECK(guest.page->frame.rip == 0x1234);
  CHECK(guest.list[1].result == 77);
  CHECK(guest.list[2].result == kUnanswered);
  CHECK(guest.page->return_kind == kReturnFull);
}

TEST_CASE("An event between two entries makes the call come back for the rest of the list") {
  Guest guest;
  guest.info.evtchn_upcall_pending = 1;
  static_cast<void>(guest.multicall(5));
  CHECK(guest.answered() == 1);
  CHECK(guest.page->frame.rax == PV_HC_MULTICALL);
  CHECK(guest.page->frame.rdi == reinterpret_cast<std::uint64_t>(&guest.list[1]));
  CHECK(guest.page->frame.rsi == 4);
  CHECK(guest.page->frame.rip == kHypercallPage + PV_HC_MULTICALL * PV_HYPERCALL_STUB_SIZE);
  CHECK(guest.page->return_kind == kReturnFull);
}

TEST_CASE("A multicall made by a syscall instruction comes back to that instruction") {
  Guest guest;
  guest.page->work_pending = 1;
  guest.page->frame = {};
  guest.page->frame.rip = 0x1002;
  guest.page->frame.rdi = guest.page->window_base;
  guest.page->frame.rsi = 2;
  guest.page->return_kind = kReturnFull;
  do_multicall(*guest.page);
  CHECK(guest.answered() == 1);
  CHECK(guest.page->frame.rip == 0x1000);
  CHECK(guest.page->frame.rax == PV_HC_MULTICALL);
}

TEST_CASE("A masked event, and one before the first entry, do not cut a multicall short") {
  Guest guest;
  guest.info.evtchn_upcall_pending = 1;
  CHECK(guest.multicall(1) == 0);
  guest.info.evtchn_upcall_mask = 1;
  CHECK(guest.multicall(8) == 0);
  CHECK(guest.answered() == 8);
}
