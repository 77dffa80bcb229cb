// SPDX-License-Identifier: MIT
#include "engine/fiber/gs_base_raw.hpp"

#include <asm/prctl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pvisor::fiber {

constinit thread_local FiberVcpu* gs_base_owner = nullptr;

namespace {

/// Linux 5.9 and later let programs use the instructions; before, each access is a system call.
const bool has_instructions = (::getauxval(AT_HWCAP2) & 2) != 0;  // HWCAP2_FSGSBASE

std::uint64_t get_gs_base() {
  std::uint64_t base = 0;
  if (has_instructions) {
    asm volatile("rdgsbase %0" : "=r"(base));
  } else {
    ::syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  }
  return base;
}

}  // namespace

void set_gs_base(std::uint64_t base) {
  if (has_instructions) {
    asm volatile("wrgsbase %0" : : "r"(base));
  } else {
    ::syscall(SYS_arch_prctl, ARCH_SET_GS, base);
  }
}

void switch_gs_base(FiberVcpu& vcpu) {
  const std::uint64_t loaded = get_gs_base();
  if (gs_base_owner != nullptr) gs_base_owner->gs_base = loaded;
  if (vcpu.gs_base != loaded) set_gs_base(vcpu.gs_base);  // most guests have 0, and writing is the slow part
  gs_base_owner = &vcpu;
}

}  // namespace pvisor::fiber
