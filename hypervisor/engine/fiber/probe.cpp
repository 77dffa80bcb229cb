// SPDX-License-Identifier: MIT
// What the fiber engine finds on this host.
#include <sys/mman.h>
#include <sys/prctl.h>

#include <csignal>
#include <ctime>
#include <string>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "engine/fiber/fiber_engine.hpp"

namespace pvisor::fiber {

namespace {

constexpr int kPrSetSyscallUserDispatch = 59;  // Linux 5.11, prctl(2)
constexpr std::size_t kPage = 4096;

using State = Finding::State;

bool can_execute_own_memory() {
  void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return false;
  ::munmap(page, kPage);
  return true;
}

bool has_timer() {
  sigevent event{};
  event.sigev_notify = SIGEV_NONE;
  timer_t timer{};
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return false;
  ::timer_delete(timer);
  return true;
}

bool can_trap_counter() {
  int mode = 0;
  return ::prctl(PR_GET_TSC, &mode, 0, 0, 0) == 0;
}

}  // namespace

std::vector<Finding> probe_fiber_engine() {
  return {
      finding(can_execute_own_memory(), State::Missing, "memory that is written and executed", "guests run in it",
              "guests cannot run; a security module (SELinux: execmem) forbids it"),
      finding(has_timer(), State::Missing, "timers", "a guest that never calls is still taken off the CPU", "guests cannot be preempted"),
      finding(::prctl(kPrSetSyscallUserDispatch, 0, 0, 0, 0) == 0, State::Weaker, "Syscall User Dispatch",
              "a `syscall` instruction of a guest is a hypercall", "a `syscall` instruction of a guest reaches the host; use Linux 5.11 or newer"),
      finding(UniqueFd(::memfd_create("pvisor-probe", MFD_CLOEXEC)).is_open(), State::Weaker, "memory files (memfd_create)",
              "guests can map each other's pages", "a guest that maps another's page gets an error"),
      finding(can_trap_counter(), State::Weaker, "trap of rdtsc (PR_SET_TSC)", "--deterministic works", "--deterministic is refused"),
  };
}

}  // namespace pvisor::fiber
