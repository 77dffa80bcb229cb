// SPDX-License-Identifier: MIT
// The hand-over of a turn: the stub's half (the monitor's is vcpu_context.cpp). Each side writes what it has to say, passes the turn with a
// release store, and wakes the other if that one has said that it sleeps. Both look at the turn again after saying so, with a full
// fence in between: of two that pass each other at least one sees the other's word.
#include <stdint.h>

#include <linux/futex.h>
#include <sys/mman.h>

#include <pvabi/event_channel.h>
#include <pvabi/hypercalls.h>

#include "engine/process/stub/gate.hpp"
#include "engine/process/stub/stub.hpp"
#include "shim/shim.hpp"

namespace pvisor::process {

namespace {

uint32_t turn() { return __atomic_load_n(&vcpu_area.hand_off.turn, __ATOMIC_ACQUIRE); }

void wait_for_turn() {
  for (uint32_t left = vcpu_area.signs.spins; left > 0; --left) {
    if (turn() == kGuestsTurn) return;
    __builtin_ia32_pause();
  }
  __atomic_store_n(&vcpu_area.signs.stub_asleep, 1, __ATOMIC_SEQ_CST);
  while (turn() != kGuestsTurn) {
    system_call(kFutex, reinterpret_cast<uint64_t>(&vcpu_area.hand_off.turn), FUTEX_WAIT, kMonitorsTurn, 0U, 0U, 0U);
  }
  __atomic_store_n(&vcpu_area.signs.stub_asleep, 0, __ATOMIC_RELAXED);
}

/// After a store with a full fence: the monitor sees that, or we see that it sleeps.
void wake_monitor() {
  if (__atomic_load_n(&vcpu_area.signs.monitor_asleep, __ATOMIC_ACQUIRE) == 0) return;
  const uint64_t one = 1;
  system_call(kWrite, kDoorbellFd, reinterpret_cast<uint64_t>(&one), sizeof one);
}

void pass_turn() {
  __atomic_store_n(&vcpu_area.hand_off.turn, kMonitorsTurn, __ATOMIC_SEQ_CST);
  wake_monitor();
}

/// event_channel_op(send) to a port of which the monitor is sure that it succeeds: nobody has to wait for that. False: it must be asked.
bool post_send(uint64_t argument) {
  uint32_t port;
  static_assert(sizeof(pv_evtchn_send) == sizeof port);
  if (!shim::copy_from_guest(vcpu_area.page, &port, argument, sizeof port) || port >= kPorts) return false;
  const uint64_t bit = uint64_t{1} << (port % 64);
  if ((vcpu_area.may_post[port / 64] & bit) == 0) return false;
  __atomic_fetch_or(&vcpu_area.posted.bits[port / 64], bit, __ATOMIC_SEQ_CST);
  __atomic_fetch_or(&vcpu_area.posted.words, uint64_t{1} << (port / 64), __ATOMIC_SEQ_CST);
  wake_monitor();
  return true;
}

/// Maps one range. A page of another domain comes as a descriptor of its own, for which the monitor is asked.
int64_t map_view(const View& view) {
  if (view.fd != kRamFd) {
    if (const int64_t asked = system_call(kAskForPage); asked < 0) return asked;
  }
  const int64_t at = system_call(kMmap, view.address, view.bytes, view.protection, MAP_SHARED | MAP_FIXED, view.fd, view.offset);
  return at < 0 ? at : 0;
}

/// Maps what the monitor's answer lists.
int64_t map_views() {
  const uint32_t count = vcpu_area.views;
  if (count == 0) return 0;
  vcpu_area.views = 0;
  for (uint32_t i = 0; i < count && i < kViewsAtOnce; ++i) {
    if (const int64_t error = map_view(vcpu_area.view[i]); error < 0) return error;
  }
  return 0;
}

/// True: the guest may go on. False: there is more to say.
bool take_turn(uint32_t& kind) {
  const bool had_views = vcpu_area.views != 0;
  if (const int64_t error = map_views(); error < 0) {
    vcpu_area.hand_off.args[0] = static_cast<uint64_t>(-error);
    kind = kExitViewRefused;
    return false;
  }
  kind = kExitMoreViews;
  return !had_views;
}

}  // namespace

int64_t hand_over(uint32_t kind) {
  for (;;) {
    vcpu_area.hand_off.kind = kind;
    pass_turn();
    wait_for_turn();
    if (take_turn(kind)) return vcpu_area.hand_off.result;
  }
}

void wait_for_first_turn() {
  wait_for_turn();
  uint32_t kind = 0;
  if (!take_turn(kind)) hand_over(kind);
}

void give_up(SetupStep step, int64_t error) {
  for (;;) {
    vcpu_area.hand_off.args[0] = step;
    vcpu_area.hand_off.args[1] = static_cast<uint64_t>(-error);
    wait_for_turn();
    vcpu_area.hand_off.kind = kExitSetupFailed;
    pass_turn();
  }
}

void load_segment_base(bool fs, uint64_t base) {
  constexpr uint64_t kSetGs = 0x1001, kSetFs = 0x1002;  // asm/prctl.h
  if (vcpu_area.setup.has_fsgsbase == 0) {
    system_call(kArchPrctl, fs ? kSetFs : kSetGs, base);
  } else if (fs) {
    asm volatile("wrfsbase %0" : : "r"(base));
  } else {
    asm volatile("wrgsbase %0" : : "r"(base));
  }
}

}  // namespace pvisor::process

using namespace pvisor;
using namespace pvisor::process;

/// A call for the monitor, out of the frame.
extern "C" int64_t stub_remote() {
  const pv_cpu_user_regs& regs = vcpu_area.page.frame;
  if (regs.rax == PV_HC_EVENT_CHANNEL_OP && static_cast<uint32_t>(regs.rdi) == PV_EVTCHNOP_SEND && post_send(regs.rsi)) return 0;
  HandOff& call = vcpu_area.hand_off;
  call.number = regs.rax;
  call.args[0] = regs.rdi;
  call.args[1] = regs.rsi;
  call.args[2] = regs.rdx;
  call.args[3] = regs.r10;
  call.args[4] = regs.r8;
  return hand_over(shim::kExitHypercall);
}

extern "C" void home_remote(shim::VcpuPage* page) {
  HandOff& said = vcpu_area.hand_off;
  const shim::ExitSlot& exit = page->exit;
  switch (exit.kind) {
    case shim::kExitHypercall: page->exit.result = stub_remote(); return;
    case shim::kExitListedCall:
      said.number = page->listed.number;
      for (int i = 0; i < 5; ++i) said.args[i] = page->listed.args[i];
      break;
    case shim::kExitFault:
      said.args[0] = exit.vector;
      said.args[1] = exit.error_code;
      said.args[2] = exit.address;
      break;
    case shim::kExitDied: said.args[0] = exit.death; break;
    default: break;
  }
  page->exit.result = hand_over(exit.kind);
}

extern "C" bool home_set_segment_base(shim::VcpuPage*, uint32_t which, uint64_t base) {
  load_segment_base(which == PV_SEGBASE_FS, base);
  return true;
}
