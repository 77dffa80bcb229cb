// SPDX-License-Identifier: MIT
// SharedInfo: the two-level protocol's steps and the layout of what a guest reads.
#include "core/shared_info.hpp"

#include <doctest/doctest.h>

#include <cstddef>

#include "pvabi/shared_info.h"
#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

constexpr VcpuId kFirst{0};
constexpr VcpuId kSecond{1};

struct Fixture {
  std::shared_ptr<FakeRam> ram = std::make_shared<FakeRam>(1);
  SharedPage page{ram, ram->page(0).data()};
  SharedInfo info{page};
  Fixture() { info.initialise(2); }
  [[nodiscard]] pv_shared_info snapshot() const { return page.read<pv_shared_info>(0); }
};

}  // namespace

TEST_CASE("A new shared_info masks every upcall, no channel, and has a time scale that can be divided by") {
  Fixture f;
  const auto info = f.snapshot();
  for (const auto& vcpu : info.vcpu_info) {
    CHECK(vcpu.evtchn_upcall_mask == 1);
    CHECK(vcpu.evtchn_upcall_pending == 0);
    CHECK(vcpu.evtchn_pending_sel == 0);
  }
  for (const auto word : info.evtchn_pending) CHECK(word == 0);
  for (const auto word : info.evtchn_mask) CHECK(word == 0);
  CHECK(info.vcpu_info[0].time.tsc_to_system_mul != 0);
  CHECK(info.vcpu_info[1].time.tsc_to_system_mul != 0);
}

TEST_CASE("Raising a port sets its pending bit, its selector bit and upcall_pending of its vCPU alone") {
  Fixture f;
  CHECK(f.info.raise(Port{130}, kSecond) == SharedInfo::Raised::Upcall);
  const auto info = f.snapshot();
  CHECK(info.evtchn_pending[2] == 4);
  CHECK(info.vcpu_info[1].evtchn_pending_sel == 4);
  CHECK(info.vcpu_info[1].evtchn_upcall_pending == 1);
  CHECK(info.vcpu_info[0].evtchn_pending_sel == 0);
  CHECK(info.vcpu_info[0].evtchn_upcall_pending == 0);
  CHECK(f.info.is_pending(Port{130}));
  CHECK(f.info.upcall_pending(kSecond));
}

TEST_CASE("The last port of the table has its own bit") {
  Fixture f;
  CHECK(f.info.raise(Port{4095}, kFirst) == SharedInfo::Raised::Upcall);
  const auto info = f.snapshot();
  CHECK(info.evtchn_pending[63] == std::uint64_t{1} << 63);
  CHECK(info.vcpu_info[0].evtchn_pending_sel == std::uint64_t{1} << 63);
}

TEST_CASE("A port that is pending already is not raised again, whatever the guest did to the upcall flag") {
  Fixture f;
  CHECK(f.info.raise(Port{5}, kFirst) == SharedInfo::Raised::Upcall);
  f.page.store<std::uint8_t>(0, 0);
  CHECK(f.info.raise(Port{5}, kFirst) == SharedInfo::Raised::AlreadyPending);
  CHECK_FALSE(f.info.upcall_pending(kFirst));
}

TEST_CASE("A masked port stays pending without an upcall until it is unmasked") {
  Fixture f;
  f.info.mask(Port{5});
  CHECK(f.info.is_masked(Port{5}));
  CHECK(f.info.raise(Port{5}, kFirst) == SharedInfo::Raised::Masked);
  CHECK(f.info.is_pending(Port{5}));
  CHECK_FALSE(f.info.upcall_pending(kFirst));
  CHECK(f.snapshot().vcpu_info[0].evtchn_pending_sel == 0);
  CHECK(f.info.unmask(Port{5}, kFirst));
  CHECK_FALSE(f.info.is_masked(Port{5}));
  CHECK(f.info.upcall_pending(kFirst));
  CHECK(f.snapshot().vcpu_info[0].evtchn_pending_sel == 1);
}

TEST_CASE("Unmasking a port without an event disturbs nobody") {
  Fixture f;
  f.info.mask(Port{5});
  f.info.mask(Port{6});
  CHECK_FALSE(f.info.unmask(Port{5}, kFirst));
  CHECK_FALSE(f.info.upcall_pending(kFirst));
  CHECK(f.info.is_masked(Port{6}));
}

TEST_CASE("Clearing a pending port leaves its neighbours") {
  Fixture f;
  CHECK(f.info.raise(Port{5}, kFirst) == SharedInfo::Raised::Upcall);
  CHECK(f.info.raise(Port{6}, kFirst) == SharedInfo::Raised::Upcall);
  f.info.clear_pending(Port{5});
  CHECK_FALSE(f.info.is_pending(Port{5}));
  CHECK(f.info.is_pending(Port{6}));
}

TEST_CASE("An upcall is due only while it is pending and not masked, any mask value but 0 masking") {
  Fixture f;
  CHECK_FALSE(f.info.upcall_due(kFirst));
  CHECK(f.info.raise(Port{5}, kFirst) == SharedInfo::Raised::Upcall);
  CHECK_FALSE(f.info.upcall_due(kFirst));
  f.info.set_upcall_mask(kFirst, false);
  CHECK(f.info.upcall_due(kFirst));
  f.page.store<std::uint8_t>(offsetof(pv_vcpu_info, evtchn_upcall_mask), 0x80);
  CHECK_FALSE(f.info.upcall_due(kFirst));
  CHECK_FALSE(f.info.upcall_due(kSecond));
}

TEST_CASE("A time scale lands where the guest looks for it") {
  Fixture f;
  const auto before = f.snapshot().vcpu_info[1].time.version;
  f.info.publish_time(kSecond, {11, 22, 33, -4});
  const auto vcpu = f.snapshot().vcpu_info[1];
  CHECK(vcpu.time.tsc_timestamp == 11);
  CHECK(vcpu.time.system_time == 22);
  CHECK(vcpu.time.tsc_to_system_mul == 33);
  CHECK(vcpu.time.tsc_shift == -4);
  CHECK(vcpu.time.version == before + 2);
  CHECK(vcpu.time.version % 2 == 0);
}

TEST_CASE("The wall clock is split into seconds, their upper half and nanoseconds") {
  Fixture f;
  f.info.publish_wall_clock((std::uint64_t{3} << 32) * 1'000'000'000 + 7'000'000'123);
  const auto info = f.snapshot();
  CHECK(info.wc_sec == 7);
  CHECK(info.wc_sec_hi == 3);
  CHECK(info.wc_nsec == 123);
  CHECK(info.wc_version == 2);
}

TEST_CASE("A version that the guest made odd or largest is even again after the next time") {
  Fixture f;
  for (const std::uint32_t version : {1U, 7U, 0xffff'ffffU}) {
    f.page.store<std::uint32_t>(offsetof(pv_vcpu_info, time), version);
    f.info.publish_time(kFirst, {});
    CHECK(f.snapshot().vcpu_info[0].time.version % 2 == 0);
  }
}
