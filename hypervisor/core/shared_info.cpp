// SPDX-License-Identifier: MIT
// shared_info, accessed. The protocol's steps are numbered in pvabi/shared_info.h. fetch_or and fetch_and are locked
// instructions, which on x86-64 are full fences as well: neither side's later loads are answered before them.
#include "core/shared_info.hpp"

#include <array>
#include <cstddef>

#include "base/assert.hpp"
#include "pvabi/event_channel.h"
#include "pvabi/shared_info.h"

namespace pvisor {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::size_t word_index(Port port) {
  PV_CHECK(port.value() < PV_EVTCHN_2L_NR_CHANNELS);
  return port.value() / 64;
}

std::size_t pending_word(Port port) {
  return offsetof(pv_shared_info, evtchn_pending) + word_index(port) * sizeof(std::uint64_t);
}

std::size_t mask_word(Port port) {
  return offsetof(pv_shared_info, evtchn_mask) + word_index(port) * sizeof(std::uint64_t);
}

std::uint64_t bit_of(Port port) {
  return std::uint64_t{1} << (port.value() % 64);
}

/// Makes the version odd, lets `fields` be stored, makes it even again. Every store is a release: none of them can
/// overtake the odd version, and the even one comes last. A version that the guest wrote over hurts its reader alone.
template <class Memory, class F>
void publish(const Memory& memory, std::size_t version_offset, F fields) {
  const auto odd = memory.template load<std::uint32_t>(version_offset) | 1;
  memory.store(version_offset, odd);
  fields();
  memory.store(version_offset, odd + 1);
}

/// A pv_vcpu_time_info at `time`.
template <class Memory>
void publish_scale(const Memory& memory, std::size_t time, const TimeScale& scale) {
  publish(memory, time + offsetof(pv_vcpu_time_info, version), [&] {
    memory.store(time + offsetof(pv_vcpu_time_info, tsc_timestamp), scale.tsc_timestamp);
    memory.store(time + offsetof(pv_vcpu_time_info, system_time), scale.system_time);
    memory.store(time + offsetof(pv_vcpu_time_info, tsc_to_system_mul), scale.tsc_to_system_mul);
    memory.store(time + offsetof(pv_vcpu_time_info, tsc_shift), static_cast<std::uint8_t>(scale.tsc_shift));
  });
}

}  // namespace

SharedInfo::SharedInfo(SharedPage page) : page_(std::move(page)) {
  for (std::size_t id = 0; id < PV_LEGACY_MAX_VCPUS; ++id) {
    places_.push_back({page_, offsetof(pv_shared_info, vcpu_info) + id * sizeof(pv_vcpu_info), std::nullopt});
  }
}

const SharedInfo::Place& SharedInfo::place(VcpuId vcpu) const {
  PV_CHECK(vcpu.value() < places_.size());
  return places_[vcpu.value()];
}

void SharedInfo::initialise(std::uint32_t vcpus) const {
  PV_CHECK(vcpus <= PV_LEGACY_MAX_VCPUS);
  page_.write(0, std::array<std::byte, kPageSize>{});
  for (std::uint32_t id = 0; id < PV_LEGACY_MAX_VCPUS; ++id) set_upcall_mask(VcpuId{id}, true);
  // A guest divides by the multiplier before anybody has published real time.
  for (std::uint32_t id = 0; id < vcpus; ++id) publish_time(VcpuId{id}, TimeScale{});
}

SharedInfo::Raised SharedInfo::raise(Port port, VcpuId vcpu) const {
  // Step 1, locked: of several senders exactly one finds the bit clear; and the load of the mask below happens after
  // it, so that a guest which unmasks and then tests the pending bit, or we, see the other's write.
  if (page_.fetch_or<std::uint64_t>(pending_word(port), bit_of(port)) & bit_of(port)) return Raised::AlreadyPending;
  // Step 2.
  if (is_masked(port)) return Raised::Masked;
  select(port, vcpu);
  return Raised::Upcall;
}

void SharedInfo::select(Port port, VcpuId vcpu) const {
  // Step 3, locked: the guest exchanges the whole selector with 0 while we add one bit.
  const Place& at = place(vcpu);
  at.page.fetch_or<std::uint64_t>(at.offset + offsetof(pv_vcpu_info, evtchn_pending_sel), std::uint64_t{1} << word_index(port));
  // Step 4, locked, so that the core's following look at upcall_mask cannot be answered before it: a guest that unmasks
  // by an exchange and then tests upcall_pending, or the core that tests the mask afterwards, sees the other's write.
  at.page.fetch_or<std::uint8_t>(at.offset + offsetof(pv_vcpu_info, evtchn_upcall_pending), 1);
}

bool SharedInfo::unmask(Port port, VcpuId vcpu) const {
  // Locked, then the load: an event that is raised meanwhile finds the mask clear, or we find its pending bit.
  page_.fetch_and<std::uint64_t>(mask_word(port), ~bit_of(port));
  if (!is_pending(port)) return false;
  select(port, vcpu);
  return true;
}

bool SharedInfo::is_pending(Port port) const {
  return (page_.load<std::uint64_t>(pending_word(port)) & bit_of(port)) != 0;
}

bool SharedInfo::is_masked(Port port) const {
  return (page_.load<std::uint64_t>(mask_word(port)) & bit_of(port)) != 0;
}

void SharedInfo::clear_pending(Port port) const {
  // Locked: the guest and other ports' senders change the same word.
  page_.fetch_and<std::uint64_t>(pending_word(port), ~bit_of(port));
}

void SharedInfo::mask(Port port) const {
  page_.fetch_or<std::uint64_t>(mask_word(port), bit_of(port));
}

bool SharedInfo::upcall_due(VcpuId vcpu) const {
  const Place& at = place(vcpu);
  const bool masked = at.page.load<std::uint8_t>(at.offset + offsetof(pv_vcpu_info, evtchn_upcall_mask)) != 0;
  return upcall_pending(vcpu) && !masked;
}

bool SharedInfo::upcall_pending(VcpuId vcpu) const {
  const Place& at = place(vcpu);
  return at.page.load<std::uint8_t>(at.offset + offsetof(pv_vcpu_info, evtchn_upcall_pending)) != 0;
}

void SharedInfo::set_upcall_mask(VcpuId vcpu, bool masked) const {
  const Place& at = place(vcpu);
  const std::size_t offset = at.offset + offsetof(pv_vcpu_info, evtchn_upcall_mask);
  // Clearing is a locked instruction, since the caller looks at upcall_pending next (SCHEDOP_block): without the fence
  // that look could be answered while our store still waits, and an event raised in between would be missed by both.
  if (!masked) at.page.fetch_and<std::uint8_t>(offset, 0);
  // Setting needs no order: an upcall that was due a moment ago may still be taken.
  if (masked) at.page.store<std::uint8_t>(offset, 1);
}

void SharedInfo::move_vcpu_info(VcpuId vcpu, GuestArea area) {
  PV_CHECK(vcpu.value() < places_.size());
  Place& old = places_[vcpu.value()];
  const std::size_t offset = area.at().value() % kPageSize;
  // Nobody else writes to either copy: the vCPU does not run, and events are raised on this thread.
  const SharedPage page = area.page();
  page.write(offset, old.page.read<pv_vcpu_info>(old.offset));
  old = {page, offset, std::move(area)};
  page.fetch_or<std::uint64_t>(offset + offsetof(pv_vcpu_info, evtchn_pending_sel), ~std::uint64_t{0});
  page.fetch_or<std::uint8_t>(offset + offsetof(pv_vcpu_info, evtchn_upcall_pending), 1);
}

std::optional<GuestVirt> SharedInfo::moved_to(VcpuId vcpu) const {
  const Place& at = place(vcpu);
  if (!at.moved) return std::nullopt;
  return at.moved->at();
}

void SharedInfo::publish_time(VcpuId vcpu, const TimeScale& scale) const {
  const Place& at = place(vcpu);
  publish_scale(at.page, at.offset + offsetof(pv_vcpu_info, time), scale);
}

void SharedInfo::publish_time(const GuestArea& area, const TimeScale& scale) { publish_scale(area, 0, scale); }

void SharedInfo::publish_wall_clock(std::uint64_t epoch_ns) const {
  const std::uint64_t seconds = epoch_ns / kNanosecondsPerSecond;
  publish(page_, offsetof(pv_shared_info, wc_version), [&] {
    page_.store<std::uint32_t>(offsetof(pv_shared_info, wc_sec), static_cast<std::uint32_t>(seconds));
    page_.store<std::uint32_t>(offsetof(pv_shared_info, wc_sec_hi), static_cast<std::uint32_t>(seconds >> 32));
    page_.store<std::uint32_t>(offsetof(pv_shared_info, wc_nsec),
                               static_cast<std::uint32_t>(epoch_ns % kNanosecondsPerSecond));
  });
}

}  // namespace pvisor
