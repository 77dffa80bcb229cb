// SPDX-License-Identifier: MIT
// The crash report, from scripted memory and registers.
#include "control/report.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "control/disassembly.hpp"
#include "support/fake_ram.hpp"

using namespace pvisor;

namespace {

constexpr std::uint64_t kBase = 0x100000;
constexpr std::uint64_t kPages = 4;

/// A guest of four pages with code, a stack and names.
class Scene final : public Symbolizer {
 public:
  Scene() : ram(std::make_shared<FakeRam>(kPages)), memory(ram, GuestVirt(kBase), kPages) { regs.rip = kBase; }
  void code(std::uint64_t offset, std::initializer_list<unsigned> bytes) const {
    std::size_t at = offset;
    for (const unsigned byte : bytes) ram->bytes()[at++] = static_cast<std::byte>(byte);
  }
  void word(std::uint64_t offset, std::uint64_t value) const {
    CHECK(memory.write(GuestVirt(kBase + offset), value));
  }
  [[nodiscard]] std::string name(std::uint64_t address) const override {
    if (address >= kBase && address < kBase + 0x100) return "kmain+0x" + std::to_string(address - kBase);
    if (address >= kBase + 0x100 && address < kBase + 0x200) return "start\x1b[2J";
    return {};
  }
  [[nodiscard]] std::string report(std::string_view reason = "it broke") const {
    return crash_report({"dom", 0, memory, regs, this}, reason);
  }
  [[nodiscard]] std::string hint(std::initializer_list<unsigned> bytes) const {
    code(0, {0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90});
    code(0, bytes);
    return disassemble_around(memory, kBase).hint;
  }
  std::shared_ptr<FakeRam> ram;
  GuestMemory memory;
  pv_cpu_user_regs regs{};
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a report names domain, reason, registers, instruction and hint") {
  Scene scene;
  scene.code(0x10, {0x90, 0x48, 0x89, 0xc3, 0xf4, 0xc3});  // nop; mov %rax,%rbx; hlt; ret
  scene.regs.rip = kBase + 0x14;
  scene.regs.rax = 0x1122334455667788;
  const std::string report = scene.report("general protection");
  CHECK(report.starts_with("domain dom crashed: vCPU 0: general protection\n"));
  CHECK(contains(report, "   rax 1122334455667788"));
  CHECK(contains(report, "   rip 0000000000100014"));
  CHECK(contains(report, "     0x100011: movq %rax, %rbx\n"));
  CHECK(contains(report, "  => 0x100014: hlt"));
  CHECK(contains(report, "     0x100015: ret"));
  CHECK(contains(report, "hint: wait by sched_op block"));
  CHECK(contains(report, "#0 0x100014 (kmain+0x20)"));
}

TEST_CASE("each privileged instruction has the call that replaces it") {
  const Scene scene;
  CHECK(contains(scene.hint({0xf4}), "sched_op block"));
  CHECK(contains(scene.hint({0xfa}), "evtchn_upcall_mask"));
  CHECK(contains(scene.hint({0xfb}), "evtchn_upcall_mask"));
  CHECK(contains(scene.hint({0x0f, 0x22, 0xd8}), "MMUEXT_NEW_BASEPTR"));   // mov %rax,%cr3
  CHECK(contains(scene.hint({0x0f, 0x20, 0xd0}), "cr2"));                  // mov %cr2,%rax
  CHECK(contains(scene.hint({0x0f, 0x22, 0xc0}), "fpu_taskswitch"));       // mov %rax,%cr0
  CHECK(contains(scene.hint({0x0f, 0x22, 0xe0}), "vm_assist"));            // mov %rax,%cr4
  CHECK(contains(scene.hint({0x0f, 0x23, 0xf8}), "set_debugreg"));         // mov %rax,%dr7
  CHECK(contains(scene.hint({0x0f, 0x01, 0x10}), "set_gdt"));              // lgdt (%rax)
  CHECK(contains(scene.hint({0x0f, 0x01, 0x18}), "set_trap_table"));       // lidt (%rax)
  CHECK(contains(scene.hint({0x0f, 0x00, 0xd8}), "stack_switch"));         // ltr %ax
  CHECK(contains(scene.hint({0xe4, 0x60}), "no I/O ports"));               // in $0x60,%al
  CHECK(contains(scene.hint({0xee}), "no I/O ports"));                     // out %al,(%dx)
  CHECK(contains(scene.hint({0x48, 0xcf}), "iret hypercall"));             // iretq
  CHECK(contains(scene.hint({0x0f, 0x30}), "set_segment_base"));           // wrmsr
  CHECK(contains(scene.hint({0x0f, 0x01, 0x38}), "invlpg_local"));         // invlpg (%rax)
  CHECK(contains(scene.hint({0x0f, 0x01, 0xf8}), "set_segment_base"));     // swapgs
  CHECK(contains(scene.hint({0x0f, 0x06}), "fpu_taskswitch"));             // clts
  CHECK(contains(scene.hint({0x0f, 0x32}), "set_segment_base"));           // rdmsr
  CHECK(contains(scene.hint({0x0f, 0x21, 0xf8}), "get_debugreg"));         // mov %dr7,%rax
  CHECK(contains(scene.hint({0x0f, 0x00, 0xd0}), "set_ldt"));              // lldt %ax
  CHECK(contains(scene.hint({0x0f, 0x09}), "caches"));                     // wbinvd
  CHECK(contains(scene.hint({0x0f, 0x08}), "caches"));                     // invd
  CHECK(contains(scene.hint({0x48, 0x0f, 0x07}), "iret hypercall"));       // sysretq
  CHECK(contains(scene.hint({0x6c}), "no I/O ports"));                     // insb
  CHECK(contains(scene.hint({0x6e}), "no I/O ports"));                     // outsb
  CHECK(contains(scene.hint({0x0f, 0x01, 0xf0}), "fpu_taskswitch"));       // lmsw %ax
  CHECK(contains(scene.hint({0x0f, 0x01, 0xd1}), "XCR0"));                 // xsetbv
  CHECK(contains(scene.hint({0x0f, 0x01, 0x00}), "set_gdt"));              // sgdt (%rax)
  CHECK(contains(scene.hint({0x0f, 0x01, 0x08}), "set_trap_table"));       // sidt (%rax)
  CHECK(contains(scene.hint({0x0f, 0x33}), "performance counters"));       // rdpmc
  CHECK(contains(scene.hint({0x0f, 0x01, 0xc8}), "sched_op block"));       // monitor
  CHECK(contains(scene.hint({0x0f, 0x01, 0xc9}), "sched_op block"));       // mwait
  CHECK(contains(scene.hint({0x0f, 0x01, 0xc1}), "hypercall page"));       // vmcall
  CHECK(contains(scene.hint({0x0f, 0x01, 0xd9}), "hypercall page"));       // vmmcall
  CHECK(contains(scene.hint({0xcd, 0x82}), "hypercall page"));             // int $0x82
  CHECK(contains(scene.hint({0x0f, 0x34}), "hypercall page"));             // sysenter
  CHECK(contains(scene.hint({0x0f, 0x01, 0xca}), "supervisor-mode"));      // clac
  CHECK(contains(scene.hint({0xf3, 0x48, 0x0f, 0xae, 0xd8}), "set_segment_base"));  // wrgsbase %rax
  CHECK(contains(scene.hint({0x66, 0x0f, 0x38, 0x82, 0x08}), "tlb_flush_local"));   // invpcid (%rax),%rcx
  CHECK(scene.hint({0x90}).empty());
  CHECK(scene.hint({0x48, 0x89, 0xc3}).empty());                           // mov %rax,%rbx
}

TEST_CASE("the backtrace follows frame pointers and names the callers") {
  Scene scene;
  scene.regs.rbp = kBase + 0x2000;
  scene.word(0x2000, kBase + 0x2100);
  scene.word(0x2008, kBase + 0x50);
  scene.word(0x2100, 0);
  scene.word(0x2108, kBase + 0x100);  // the call was the last instruction of kmain
  const std::string report = scene.report();
  CHECK(contains(report, "#1 0x100050 (in kmain+0x79)\n"));
  CHECK(contains(report, "#2 0x100100 (in kmain+0x255)\n"));
  CHECK_FALSE(contains(report, "#3"));
}

TEST_CASE("a chain of frames that loops, leaves memory or never ends is cut") {
  Scene looping;
  looping.regs.rbp = kBase + 0x2000;
  looping.word(0x2000, kBase + 0x2000);
  looping.word(0x2008, kBase + 1);
  CHECK_FALSE(contains(looping.report(), "#2"));

  Scene outside;
  outside.regs.rbp = kBase + 0x2000;
  outside.word(0x2000, 0xffffffffffffffff);
  outside.word(0x2008, kBase + 1);
  CHECK(contains(outside.report(), "#1"));
  CHECK_FALSE(contains(outside.report(), "#2"));

  Scene endless;
  endless.regs.rbp = kBase + 0x2000;
  for (std::uint64_t at = 0x2000; at + 16 <= kPages * 4096; at += 16) {
    endless.word(at, kBase + at + 16);
    endless.word(at + 8, kBase + 1);
  }
  const std::string report = endless.report();
  CHECK(contains(report, "#31"));
  CHECK_FALSE(contains(report, "#32"));
  CHECK(contains(report, "... more frames"));
}

TEST_CASE("registers that point nowhere make a report all the same") {
  for (const std::uint64_t nowhere : std::initializer_list<std::uint64_t>{0, 0xfffffffffffffff0, kBase - 1, kBase + kPages * 4096}) {
    Scene scene;
    scene.regs.rip = nowhere;
    scene.regs.rbp = nowhere;
    scene.regs.rsp = nowhere;
    CHECK(contains(scene.report(), "code: rip is outside the guest's memory\n"));
  }
}

TEST_CASE("code at the very end of memory and bytes that are no code are shown as far as they go") {
  Scene end;
  end.code(kPages * 4096 - 1, {0xf4});
  end.regs.rip = kBase + kPages * 4096 - 1;
  CHECK(contains(end.report(), "  => 0x103fff: hlt"));
  Scene none;
  none.code(0, {0x06, 0x06, 0x06});
  CHECK(contains(none.report(), "code: no instruction at rip\n"));
}

TEST_CASE("names and reasons of a guest cannot reach the terminal raw") {
  Scene scene;
  scene.regs.rip = kBase + 0x180;
  const std::string report = scene.report("\x1b]0;owned\x07");
  CHECK_FALSE(contains(report, "\x1b"));
  CHECK(contains(report, "\\x1b]0;owned\\x07"));
  CHECK(contains(report, "start\\x1b[2J"));
}

TEST_CASE("the report for a time limit says where the vCPU was and how it came there") {
  Scene scene;
  scene.regs.rip = kBase + 4;
  const std::string named = where_report({"dom", 0, scene.memory, scene.regs, &scene}, "blocked");
  CHECK(named.starts_with("domain dom: vCPU 0 blocked at 0x100004 (kmain+0x4)\nbacktrace:\n   #0 0x100004 (kmain+0x4)\n"));
  const std::string stripped = where_report({"dom", 1, scene.memory, scene.regs, nullptr}, "running");
  CHECK(stripped.starts_with("domain dom: vCPU 1 running at 0x100004\nbacktrace:\n"));
}
