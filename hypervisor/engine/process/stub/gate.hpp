// SPDX-License-Identifier: MIT
// The one instruction of a vCPU's process that reaches the host kernel. The seccomp filter (filter.cpp) lets only these calls
// pass, only from there, and each is harmless whoever jumps there with whatever in the registers.
#pragma once

#include <stdint.h>

#pragma GCC visibility push(hidden)  // in this program: no table of addresses is needed to reach them
extern "C" {
/// number, then the arguments in the kernel's order; answers as the kernel does, -errno on failure. In entry.S.
int64_t stub_gate(uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6);
extern const char stub_gate_return[];  ///< behind `syscall`: what the filter knows the gate by
}
#pragma GCC visibility pop

namespace pvisor::process {

/// What the gate answers when the filter refuses, by the handler in signals.cpp. No call answers so by itself.
inline constexpr int64_t kRefused = -4095;

enum SystemCall : uint64_t {
  kWrite = 1,
  kClose = 3,
  kMmap = 9,
  kMunmap = 11,
  kRtSigaction = 13,
  kRtSigprocmask = 14,
  kRtSigreturn = 15,
  kGetpid = 39,
  kSigaltstack = 131,
  kPrctl = 157,
  kArchPrctl = 158,
  kFutex = 202,
  kExitGroup = 231,
  kSeccomp = 317,
};

template <class... Args>
inline int64_t system_call(uint64_t number, Args... args) {
  static_assert(sizeof...(args) <= 6);
  const uint64_t all[6] = {static_cast<uint64_t>(args)...};
  return stub_gate(number, all[0], all[1], all[2], all[3], all[4], all[5]);
}

}  // namespace pvisor::process
