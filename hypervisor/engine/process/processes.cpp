// SPDX-License-Identifier: MIT
#include "engine/process/processes.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "base/assert.hpp"
#include "base/host_error.hpp"
#include "base/host_facts.hpp"
#include "engine/process/vcpu_context.hpp"

namespace pvisor::process {

namespace {

// About 50 us.
constexpr std::uint32_t kSpins = 1500;

// About 2 us.
constexpr std::uint32_t kLooksForExit = 60;

/// What an epoll event is about: a vCPU's end, or its question (the lowest bit of its address).
constexpr std::uint64_t kQuestion = 1;

UniqueFd checked(int fd) {
  if (fd < 0) throw HostError::from_errno("cannot create the vCPUs' doorbell", errno);
  return UniqueFd(fd);
}

void add(int epoll, int fd, std::uint64_t about) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = about;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) throw HostError::from_errno("cannot watch a vCPU's process", errno);
}

std::uint64_t address_of(const ProcessVcpu& vcpu) { return reinterpret_cast<std::uint64_t>(&vcpu); }

}  // namespace

VcpuProcesses::VcpuProcesses()
    : doorbell_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC))),
      spawner_(doorbell_.get()),
      cpus_(allowed_cpus()),
      wait_fds_{doorbell_.get(), epoll_.get()} {}

Launched VcpuProcesses::start(int area, int ram) { return spawner_.start(area, ram); }

Seclusion VcpuProcesses::try_one() {
  const Launched launched = start(doorbell_.get(), doorbell_.get());  // it finds no area there, and ends
  kill_and_reap(launched.pidfd.get());
  return spawner_.seclusion();
}

void VcpuProcesses::watch(ProcessVcpu& vcpu) {
  add(epoll_.get(), vcpu.pidfd(), address_of(vcpu));
  if (vcpu.listener() >= 0) add(epoll_.get(), vcpu.listener(), address_of(vcpu) | kQuestion);
}

void VcpuProcesses::note_death(const ProcessVcpu& vcpu) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, vcpu.pidfd(), nullptr);
  ++deaths_;
}

void VcpuProcesses::forget(ProcessVcpu& vcpu) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, vcpu.pidfd(), nullptr);
  if (vcpu.listener() >= 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, vcpu.listener(), nullptr);
  ended(vcpu);
}

void VcpuProcesses::silence_doorbell() const {
  std::uint64_t rung = 0;
  [[maybe_unused]] const auto got = ::read(doorbell_.get(), &rung, sizeof rung);
}

void VcpuProcesses::serve(int fd) {
  if (fd == doorbell_.get()) return silence_doorbell();
  std::array<epoll_event, 32> events;
  const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (const epoll_event& event : std::span(events).first(static_cast<std::size_t>(std::max(ready, 0)))) {
    auto& vcpu = *reinterpret_cast<ProcessVcpu*>(event.data.u64 & ~kQuestion);
    if ((event.data.u64 & kQuestion) != 0) {
      // Without a question it is the end of who would ask, and some kernels would have us wait for one for ever.
      if ((event.events & EPOLLIN) != 0) {
        vcpu.answer_question();
      } else {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, vcpu.listener(), nullptr);
      }
    } else {
      vcpu.note_death();
    }
  }
}

bool VcpuProcesses::has_exits() const {
  return deaths_ > 0 || std::ranges::any_of(running_, [](const ProcessVcpu* vcpu) { return vcpu->has_turn() || vcpu->has_posted(); });
}

bool VcpuProcesses::has_exits_soon() const {
  for (std::uint32_t look = spins() != 0 ? kLooksForExit : 0; look > 0 && !has_exits(); --look) __builtin_ia32_pause();
  return has_exits();
}

void VcpuProcesses::set_sleeping(bool asleep) {
  asleep_ = asleep;
  for (ProcessVcpu* vcpu : running_) vcpu->set_monitor_asleep(asleep);
}

std::uint32_t VcpuProcesses::spins() const { return running_.size() < cpus_ ? kSpins : 0; }

}  // namespace pvisor::process
