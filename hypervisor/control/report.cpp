// SPDX-License-Identifier: MIT
#include "control/report.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>

#include "base/escape.hpp"
#include "control/disassembly.hpp"

namespace pvisor {

namespace {

constexpr int kMaxFrames = 32;

/// "0x1234 (name+0x12)"; the name only if there is one.
std::string place(const ReportSubject& subject, std::uint64_t address) {
  const std::string name = subject.symbols != nullptr ? subject.symbols->name(address) : std::string();
  if (name.empty()) return fmt::format("{:#x}", address);
  return fmt::format("{:#x} ({})", address, escaped(name, 128));
}

void add_registers(std::string& out, const pv_cpu_user_regs& regs) {
  struct Register {
    const char* name;
    std::uint64_t value;
  };
  const std::array<Register, 18> shown{{{"rip", regs.rip}, {"rsp", regs.rsp}, {"rflags", regs.rflags},
                                        {"rax", regs.rax}, {"rbx", regs.rbx}, {"rcx", regs.rcx},
                                        {"rdx", regs.rdx}, {"rsi", regs.rsi}, {"rdi", regs.rdi},
                                        {"rbp", regs.rbp}, {"r8", regs.r8},   {"r9", regs.r9},
                                        {"r10", regs.r10}, {"r11", regs.r11}, {"r12", regs.r12},
                                        {"r13", regs.r13}, {"r14", regs.r14}, {"r15", regs.r15}}};
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const bool ends_line = i % 3 == 2;
    fmt::format_to(std::back_inserter(out), "  {:>6} {:016x}{}", shown[i].name, shown[i].value, ends_line ? "\n" : "");
  }
}

void add_code(std::string& out, const ReportSubject& subject) {
  const Disassembly code = disassemble_around(subject.memory, subject.regs.rip);
  if (code.at.empty()) {
    out += subject.memory.contains(GuestVirt(subject.regs.rip), 1) ? "code: no instruction at rip\n"
                                                                    : "code: rip is outside the guest's memory\n";
    return;
  }
  out += "code:\n";
  for (const auto& line : code.before) fmt::format_to(std::back_inserter(out), "     {:#x}: {}\n", line.address, line.text);
  const char* mark = "  => ";
  for (const auto& line : code.at) {
    fmt::format_to(std::back_inserter(out), "{}{:#x}: {}\n", mark, line.address, line.text);
    mark = "     ";
  }
  if (!code.hint.empty()) fmt::format_to(std::back_inserter(out), "hint: {}\n", code.hint);
}

void add_caller(std::string& out, const ReportSubject& subject, int depth, std::uint64_t address) {
  // The return address is behind the call: the byte before it belongs to the function that called.
  const std::string name = subject.symbols != nullptr ? subject.symbols->name(address - 1) : std::string();
  fmt::format_to(std::back_inserter(out), "  {:>3} {:#x}{}\n", fmt::format("#{}", depth), address,
                 name.empty() ? "" : fmt::format(" (in {})", escaped(name, 128)));
}

/// By frame pointers: each frame holds the caller's rbp and the address to return to. Callers' frames lie higher.
void add_backtrace(std::string& out, const ReportSubject& subject) {
  out += "backtrace:\n";
  fmt::format_to(std::back_inserter(out), "   #0 {}\n", place(subject, subject.regs.rip));
  int depth = 1;
  if (!subject.memory.contains(GuestVirt(subject.regs.rip), 1)) {
    // A call to nowhere has made no frame yet: who called stands on top of the stack.
    const auto caller = subject.memory.read<std::uint64_t>(GuestVirt(subject.regs.rsp));
    if (caller && subject.memory.contains(GuestVirt(*caller), 1)) add_caller(out, subject, depth++, *caller);
  }
  std::uint64_t frame = subject.regs.rbp;
  for (; depth < kMaxFrames; ++depth) {
    const auto link = subject.memory.read<std::array<std::uint64_t, 2>>(GuestVirt(frame));
    if (!link || (*link)[1] == 0 || !subject.memory.contains(GuestVirt((*link)[1]), 1)) return;
    add_caller(out, subject, depth, (*link)[1]);
    if ((*link)[0] <= frame) return;
    frame = (*link)[0];
  }
  out += "      ... more frames\n";
}

}  // namespace

std::string crash_report(const ReportSubject& subject, std::string_view reason) {
  std::string out = fmt::format("domain {} crashed: vCPU {}: {}\n", escaped(subject.domain, 64), subject.vcpu, escaped(reason));
  add_registers(out, subject.regs);
  add_code(out, subject);
  add_backtrace(out, subject);
  return out;
}

std::string where_report(const ReportSubject& subject, std::string_view state) {
  std::string out = fmt::format("domain {}: vCPU {} {} at {}\n", escaped(subject.domain, 64), subject.vcpu, state,
                                place(subject, subject.regs.rip));
  add_backtrace(out, subject);
  return out;
}

}  // namespace pvisor
