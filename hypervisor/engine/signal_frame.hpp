// SPDX-License-Identifier: MIT
// A guest's registers in the frame that a signal of the host leaves: common to the homes in which guests run as host code. Freestanding.
#pragma once

#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

#include <pvabi/cpu.h>

namespace pvisor {

inline constexpr uint64_t kFlagTf = 1U << 8;
inline constexpr uint64_t kFlagAc = 1U << 18;
/// Those that would hit our own code: TF, DF, AC.
inline constexpr uint64_t kFlagsOff = kFlagTf | (1U << 10) | kFlagAc;
inline constexpr uint8_t kGeneralProtection = 13;
inline constexpr uint8_t kPageFault = 14;
/// `int $0x80`: the host's gate for 32-bit programs, to a guest a software interrupt that nobody may raise.
inline constexpr uint32_t kInt80Error = (0x80 << 3) | 2;  // vector, in the IDT
inline constexpr uint64_t kIntBytes = 2;

inline uint64_t reg(const ucontext_t& context, int index) { return static_cast<uint64_t>(context.uc_mcontext.gregs[index]); }
inline void set_reg(ucontext_t& context, int index, uint64_t value) { context.uc_mcontext.gregs[index] = static_cast<greg_t>(value); }
inline void clear_flags(ucontext_t& context, uint64_t flags) { set_reg(context, REG_EFL, reg(context, REG_EFL) & ~flags); }
inline uint64_t address_of(const void* label) { return reinterpret_cast<uint64_t>(label); }
inline bool inside(uint64_t rip, const char* begin, const char* end) { return rip >= address_of(begin) && rip < address_of(end); }

struct RegisterPair {
  int there;
  uint64_t pv_cpu_user_regs::*here;
};
inline constexpr RegisterPair kKeptRegisters[] = {
    {REG_R15, &pv_cpu_user_regs::r15}, {REG_R14, &pv_cpu_user_regs::r14}, {REG_R13, &pv_cpu_user_regs::r13},
    {REG_R12, &pv_cpu_user_regs::r12}, {REG_RBP, &pv_cpu_user_regs::rbp}, {REG_RBX, &pv_cpu_user_regs::rbx}};
inline constexpr RegisterPair kOtherRegisters[] = {
    {REG_R11, &pv_cpu_user_regs::r11}, {REG_R10, &pv_cpu_user_regs::r10}, {REG_R9, &pv_cpu_user_regs::r9},
    {REG_R8, &pv_cpu_user_regs::r8},   {REG_RAX, &pv_cpu_user_regs::rax}, {REG_RCX, &pv_cpu_user_regs::rcx},
    {REG_RDX, &pv_cpu_user_regs::rdx}, {REG_RSI, &pv_cpu_user_regs::rsi}, {REG_RDI, &pv_cpu_user_regs::rdi},
    {REG_RIP, &pv_cpu_user_regs::rip}, {REG_RSP, &pv_cpu_user_regs::rsp}, {REG_EFL, &pv_cpu_user_regs::rflags}};

/// Those that the entry leaves where they are, as a call keeps them.
inline void save_kept_registers(const ucontext_t& context, pv_cpu_user_regs& regs) {
  for (const RegisterPair& pair : kKeptRegisters) regs.*pair.here = reg(context, pair.there);
}
inline void save_registers(const ucontext_t& context, pv_cpu_user_regs& regs) {
  save_kept_registers(context, regs);
  for (const RegisterPair& pair : kOtherRegisters) regs.*pair.here = reg(context, pair.there);
}
inline void load_registers(ucontext_t& context, const pv_cpu_user_regs& regs) {
  for (const RegisterPair& pair : kKeptRegisters) set_reg(context, pair.there, regs.*pair.here);
  for (const RegisterPair& pair : kOtherRegisters) set_reg(context, pair.there, regs.*pair.here);
}

/// The exception behind a signal. Not every one leaves the CPU's number.
inline uint8_t vector_of(int signal, const ucontext_t& context) {
  const uint64_t trap = reg(context, REG_TRAPNO);
  if (trap < 32) return static_cast<uint8_t>(trap);
  return signal == SIGILL ? 6 : kGeneralProtection;
}

/// Linux enters a handler with DF and TF clear, but with the guest's AC, which makes unaligned accesses fault: ours, too.
inline void allow_unaligned_accesses() {
  if ((__builtin_ia32_readeflags_u64() & kFlagAc) != 0) [[unlikely]] {
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~kFlagAc);
  }
  asm volatile("" : : : "memory");
}

}  // namespace pvisor
